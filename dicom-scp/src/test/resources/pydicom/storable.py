"""pydicom's own test files that can be stored: Part 10, with the UIDs of a study's instance, and whole. A path a line, for the tests of C-STORE."""
import os
import warnings

import pydicom

UIDS = ('SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID')


def storable(path):
    try:
        dataset = pydicom.dcmread(path)
        return all(dataset.get(uid) for uid in UIDS) and 'truncated' not in path
    except (pydicom.errors.InvalidDicomError, EOFError):
        return False


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    for folder, _, names in sorted(os.walk(os.path.join(os.path.dirname(pydicom.__file__), 'data'))):
        for path in sorted(os.path.join(folder, name) for name in names if not name.endswith(('.py', '.pyc'))):
            if storable(path):
                print(path)
