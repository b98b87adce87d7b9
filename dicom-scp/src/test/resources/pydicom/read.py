"""How pydicom reads the files of the folders named, else its own test files: one JSON object a line on standard output, for PydicomIT to compare with.

{"file": path, "json": DICOM JSON model}. Said alike on both sides, because the model leaves it open: no group lengths, empty values as null, nothing
for empty elements, text without outer spaces, and a binary value as the SHA-256 of its little endian bytes (encapsulated pixel data: of its
fragments) in place of InlineBinary. Private elements of implicit VR are UN: PS3.6 does not know them, pydicom's list of vendors' elements is set
aside.
"""
import glob
import hashlib
import json
import math
import os
import sys
import warnings

import pydicom
from pydicom import _private_dict, datadict
from pydicom.encaps import generate_pixel_data_fragment, get_frame_offsets
from pydicom.filebase import DicomBytesIO
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

WIDTH = {'OW': 2, 'OF': 4, 'OL': 4, 'OD': 8, 'OV': 8}
BINARY = ('OB', 'OW', 'OF', 'OL', 'OD', 'OV', 'UN')


def swapped(value, width):
    return b''.join(value[i:i + width][::-1] for i in range(0, len(value), width))


def fragments(value):
    stream = DicomBytesIO(value)
    stream.is_little_endian = True
    get_frame_offsets(stream)
    return b''.join(generate_pixel_data_fragment(stream))


def digest(element, encoding):
    value = element.value or b''
    if element.tag == 0x7FE00010 and encoding.is_compressed and not encoding.is_deflated:
        value = fragments(value)
    elif not encoding.is_little_endian:
        value = swapped(value, WIDTH.get(element.VR, 1))
    return hashlib.sha256(value).hexdigest()


def plain(value):
    if isinstance(value, str):
        return value.strip(' \0') or None
    if isinstance(value, dict):
        return {k: v.strip() for k, v in value.items() if v.strip()} or None
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: 'Infinity', -math.inf: '-Infinity'}.get(value, 'NaN')
    return value


def shown(element, encoding):
    if element.VR == 'SQ':
        values = [model(item, encoding) for item in element.value]
        return {'vr': 'SQ', **({'Value': values} if values else {})}
    vr = {'OB or OW': 'OW', 'US or SS': 'US', 'US or OW': 'OW', 'US or SS or OW': 'OW'}.get(element.VR, element.VR)
    if vr in BINARY:
        return {'vr': vr, **({'sha256': digest(element, encoding)} if element.value else {})}
    values = element.to_json_dict(None, 0).get('Value', [])
    values = [plain(v) for v in values]
    return {'vr': vr, **({'Value': values} if values and values != [None] else {})}


def model(dataset, encoding):
    return {'%08X' % e.tag: shown(e, encoding) for e in dataset if e.tag.element != 0}


def read(path):
    try:
        dataset = pydicom.dcmread(path, force=True)
        uid = dataset.file_meta.get('TransferSyntaxUID')
        encoding = uid or (ExplicitVRLittleEndian if dataset.is_little_endian else ExplicitVRBigEndian)
        return {'file': path, 'json': model(dataset, encoding)}
    except Exception as problem:
        return {'file': path, 'error': '%s: %s' % (type(problem).__name__, problem)}


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    _private_dict.private_dictionaries.clear()
    datadict.private_dictionaries.clear()
    data = os.path.join(os.path.dirname(pydicom.__file__), 'data')
    folders = [os.path.join(data, f) for f in ('test_files', 'test_files/dicomdirtests/**', 'charset_files')]
    paths = {p for f in sys.argv[1:] or folders for p in glob.glob(os.path.join(f, '*'), recursive=True)}
    for path in sorted(paths):
        name = os.path.basename(path)
        if os.path.isfile(path) and (name.endswith('.dcm') or 'dicomdirtests' in path and 'README' not in name):
            print(json.dumps(read(path)))
