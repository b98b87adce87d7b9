"""How others decode the pixels of the files of a folder: <folder> <result folder>, for DecodedPixelsIT to compare with.

For each file NAME with pixels that they can read: NAME.dcmtk, decoded by DCMTK (JPEG, RLE, native), and NAME.pydicom, by pydicom (JPEG 2000 through
Pillow, JPEG where no colour is transformed, RLE, native). Native little endian, planes as the data set says, all frames, no padding.
"""
import glob
import os
import subprocess
import sys
import tempfile
import warnings

import numpy
import pydicom

TOOLS = {'1.2.840.10008.1.2.5': ['dcmdrle'], '1.2.840.10008.1.2.4.50': ['dcmdjpeg'], '1.2.840.10008.1.2.4.51': ['dcmdjpeg'],
         '1.2.840.10008.1.2.4.57': ['dcmdjpeg'], '1.2.840.10008.1.2.4.70': ['dcmdjpeg']}


def plain(dataset):
    """Of native pixel data in little endian: its bytes without padding."""
    bits = dataset.Rows * dataset.Columns * int(dataset.get('NumberOfFrames', 1) or 1) * dataset.BitsAllocated
    bits *= 2 if dataset.PhotometricInterpretation == 'YBR_FULL_422' else dataset.SamplesPerPixel
    return dataset.PixelData[:(bits + 7) // 8]


def by_dcmtk(path, dataset):
    tool = TOOLS.get(dataset.file_meta.TransferSyntaxUID, ['dcmconv', '+te'])
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(tool + [path, out.name], capture_output=True)
        return plain(pydicom.dcmread(out.name)) if done.returncode == 0 else None


def by_pydicom(dataset):
    compressed = dataset.file_meta.TransferSyntaxUID.is_encapsulated
    if dataset.PhotometricInterpretation.startswith('YBR') and compressed or dataset.PhotometricInterpretation == 'YBR_FULL_422':
        return None
    pixels = dataset.pixel_array
    if dataset.BitsAllocated == 1:
        return numpy.packbits(pixels.ravel(), bitorder='little').tobytes()
    if dataset.SamplesPerPixel == 3 and dataset.PlanarConfiguration == 1:
        pixels = numpy.moveaxis(pixels, -1, -3)
    return pixels.astype(pixels.dtype.newbyteorder('<')).tobytes()


def attempt(how, *given):
    try:
        return how(*given)
    except Exception:
        return None


warnings.simplefilter('ignore')
for path in sorted(glob.glob(os.path.join(sys.argv[1], '*.dcm'))):
    dataset = attempt(pydicom.dcmread, path)
    if dataset is None or 'PixelData' not in dataset or 'TransferSyntaxUID' not in dataset.file_meta:
        continue
    for name, pixels in (('dcmtk', attempt(by_dcmtk, path, dataset)), ('pydicom', attempt(by_pydicom, dataset))):
        if pixels is not None:
            with open(os.path.join(sys.argv[2], os.path.basename(path) + '.' + name), 'wb') as out:
                out.write(pixels)
