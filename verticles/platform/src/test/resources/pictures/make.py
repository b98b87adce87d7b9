"""Pictures for a test, by pydicom (Debian's python3-pydicom, no numpy).   make.py FOLDER

Writes FOLDER/*.dcm: head-NN.dcm, a computed CT series; hostile.dcm, a colour cine whose every text is a script; breast.dcm, a projection with a
table of its own; echo.dcm, an ultrasound cine that knows its scale; FOLDER/many/*.dcm: a CT of a thousand small slices; FOLDER/all/*.dcm: pydicom's own
test files, each made a study of its own, for several of them share their UIDs.
Prints one JSON object: {"folder": pydicom's test files, "small": values of pydicom's CT_small.dcm after rescale, row by row, "breast": its greys}.
"""
import array, json, math, sys
from pathlib import Path
import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

SIDE, SLICES, MANY, BREAST = 256, 16, 1000, 128
BROKEN = '<img src=x onerror=window.broken=1>'
folder = Path(sys.argv[1])


def write(name, data, sop_class, instance):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = sop_class, instance, ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = sop_class, instance
    file = FileDataset(None, data, preamble=b'\0' * 128, file_meta=meta)
    file.is_little_endian, file.is_implicit_VR = True, False
    file.save_as(folder / name, write_like_original=False)


def person(study, name, patient):
    data = Dataset()
    data.SpecificCharacterSet = 'ISO_IR 192'
    data.StudyInstanceUID, data.StudyID, data.PatientName, data.PatientID = study, '1', name, patient
    data.PatientBirthDate, data.PatientSex, data.StudyDate, data.StudyTime = '19610314', 'F', '20260302', '091500'
    data.ReferringPhysicianName = ''
    return data


def hounsfield(x, y, z):
    """A head: skull, brain with two ventricles, a bleeding on one side; air around it. x, y, z from -1 to 1."""
    size = math.sqrt(max(0.0, 1 - 0.8 * z * z))
    distance = math.hypot(x / 0.74, y / 0.9) / size if size else 9
    if distance > 1: return -1000
    if distance > 0.9: return 1100
    if math.hypot((abs(x) - 0.14) / 0.07, (y + 0.02) / 0.26) < size - 0.35: return 6
    if math.hypot((x - 0.33) / 0.14, (y + 0.3) / 0.2, z * 2) < 1: return 72
    return 34 + round(5 * math.sin(9 * x) * math.cos(8 * y))


def head():
    for n in range(SLICES):
        z = -0.85 + 1.7 * n / (SLICES - 1)
        data = person('1.2.826.0.1.3680043.10.1', 'Costa^Clara', 'MRN-1002')
        data.AccessionNumber, data.StudyDescription, data.Modality, data.SeriesInstanceUID = 'A-2201', 'CT head without contrast', 'CT', '1.2.826.0.1.3680043.10.1.1'
        data.SeriesNumber, data.SeriesDescription, data.InstanceNumber, data.InstitutionName = '2', 'Axial 5 mm', str(n + 1), 'General Hospital'
        data.ImagePositionPatient, data.ImageOrientationPatient, data.PixelSpacing = [-112, -112, 5 * n], [1, 0, 0, 0, 1, 0], [0.875, 0.875]
        data.SliceThickness, data.SliceLocation, data.WindowCenter, data.WindowWidth = '5', str(5 * n), ['40', '500'], ['80', '2000']
        data.WindowCenterWidthExplanation = ['BRAIN', 'BONE']
        data.SamplesPerPixel, data.PhotometricInterpretation, data.Rows, data.Columns = 1, 'MONOCHROME2', SIDE, SIDE
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.RescaleIntercept, data.RescaleSlope, data.RescaleType = '-1024', '1', 'HU'
        step = [2 * (i + 0.5) / SIDE - 1 for i in range(SIDE)]
        values = array.array('H', (hounsfield(x, y, z) + 1024 for y in step for x in step))
        data.PixelData = values.tobytes()
        data['PixelData'].VR = 'OW'
        write('head-%02d.dcm' % n, data, '1.2.840.10008.5.1.4.1.1.2', '1.2.826.0.1.3680043.10.1.1.%d' % (n + 1))


def hostile():
    data = person('1.2.826.0.1.3680043.10.2', '<b>Bold</b>^<script>window.broken++</script>', '<b>7</b>')
    data.AccessionNumber, data.StudyDescription, data.Modality, data.SeriesInstanceUID = '"><svg onload=', '<script>window.broken=1</script>', 'US', '1.2.826.0.1.3680043.10.2.1'
    data.SeriesNumber, data.SeriesDescription, data.InstanceNumber, data.InstitutionName = '1', '<i>' + BROKEN, '1', BROKEN
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = 'X1', '99T', '<b>native</b>'
    data.ProcedureCodeSequence = Sequence([item])
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration, data.Rows, data.Columns, data.NumberOfFrames = 3, 'RGB', 0, 32, 32, '4'
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation, data.FrameTime = 8, 8, 7, 0, '50'
    data.FrameIncrementPointer = 0x00181063
    data.PixelData = b''.join(bytes((60 * f, 8 * x, 8 * y)) for f in range(4) for y in range(32) for x in range(32))
    data['PixelData'].VR = 'OB'
    write('hostile.dcm', data, '1.2.840.10008.5.1.4.1.1.3.1', '1.2.826.0.1.3680043.10.2.1.1')


def breast():
    """Low values are bright, a table of 8 bits shapes them, and only letters say how it lies. Returns its greys, row by row."""
    data = person('1.2.826.0.1.3680043.10.3', 'Silva^Sara', 'MRN-1003')
    data.AccessionNumber, data.StudyDescription, data.Modality, data.SeriesInstanceUID = 'A-2203', 'Mammography', 'MG', '1.2.826.0.1.3680043.10.3.1'
    data.SeriesNumber, data.SeriesDescription, data.InstanceNumber = '1', 'L MLO', '1'
    data.PatientOrientation, data.ImageLaterality, data.ViewPosition, data.ImagerPixelSpacing = ['A', 'FL'], 'L', 'MLO', [0.5, 0.5]
    data.LossyImageCompression, data.LossyImageCompressionRatio = '01', '12.5'
    data.SamplesPerPixel, data.PhotometricInterpretation, data.Rows, data.Columns = 1, 'MONOCHROME1', BREAST, BREAST
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    table = [round(255 * math.sqrt(i / 4095)) for i in range(4096)]
    item = Dataset()
    item.LUTDescriptor, item.LUTExplanation = [4096, 0, 8], 'DENSE'
    item.add_new('LUTData', 'OW', array.array('H', table).tobytes())
    data.VOILUTSequence = Sequence([item])
    size = lambda x, y: math.hypot(x / 100, (y - 64) / 60)
    values = [round(4000 - 2600 * math.sqrt(max(0, 1 - size(x, y) ** 2)) + 60 * math.sin(x / 3) * math.sin(y / 4)) for y in range(BREAST) for x in range(BREAST)]
    data.PixelData = array.array('H', values).tobytes()
    data['PixelData'].VR = 'OW'
    write('breast.dcm', data, '1.2.840.10008.5.1.4.1.1.1.2', '1.2.826.0.1.3680043.10.3.1.1')
    return [255 - table[value] for value in values]


def echo():
    data = person('1.2.826.0.1.3680043.10.4', 'Pereira^Emil', 'MRN-1004')
    data.AccessionNumber, data.StudyDescription, data.Modality, data.SeriesInstanceUID = 'A-2204', 'Echocardiography', 'US', '1.2.826.0.1.3680043.10.4.1'
    data.SeriesNumber, data.SeriesDescription, data.InstanceNumber, data.FrameTime, data.FrameIncrementPointer = '1', 'Four chambers', '1', '40', 0x00181063
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 1, 1, 3, 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.06
    data.SequenceOfUltrasoundRegions = Sequence([region])
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration, data.Rows, data.Columns, data.NumberOfFrames = 3, 'RGB', 0, 180, 240, '8'
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.PixelData = b''.join(fan(x - 120, y, frame) for frame in range(8) for y in range(180) for x in range(240))
    data['PixelData'].VR = 'OB'
    write('echo.dcm', data, '1.2.840.10008.5.1.4.1.1.3.1', '1.2.826.0.1.3680043.10.4.1.1')


def fan(x, y, frame):
    """A pixel of a sector, grey tissue with flow in colour."""
    far, side = math.hypot(x, y), math.atan2(x, y + 1)
    if abs(side) > 0.7 or not 14 < far < 174: return bytes(3)
    if abs(side) < 0.16 and 70 < far < 110: return bytes((30 * frame, 20, 240 - 30 * frame))
    grey = 70 + round(40 * math.sin(far / 6 + frame / 2) + 25 * math.sin(37 * side + far) * math.sin(x * y))
    return bytes((grey, grey, grey))


def many():
    (folder / 'many').mkdir()
    data = person('1.2.826.0.1.3680043.10.5', 'Nunes^Nelson', 'MRN-1005')
    data.AccessionNumber, data.StudyDescription, data.Modality, data.SeriesInstanceUID = 'A-2205', 'CT whole body', 'CT', '1.2.826.0.1.3680043.10.5.1'
    data.SeriesNumber, data.SeriesDescription, data.RescaleIntercept, data.RescaleSlope, data.WindowCenter, data.WindowWidth = '1', 'Axial 1 mm', '-1024', '1', '40', '400'
    data.ImageOrientationPatient, data.PixelSpacing, data.SliceThickness = [1, 0, 0, 0, 1, 0], [8, 8], '1'
    data.SamplesPerPixel, data.PhotometricInterpretation, data.Rows, data.Columns = 1, 'MONOCHROME2', 64, 64
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    for n in range(MANY):
        wide = 12 + 14 * abs(math.sin(n / 160))
        values = array.array('H', (1064 + n % 7 if math.hypot(x - 32, (y - 32) * 1.4) < wide else 24 for y in range(64) for x in range(64)))
        data.InstanceNumber, data.SliceLocation, data.ImagePositionPatient, data.PixelData = str(n + 1), str(n), [-256, -256, n], values.tobytes()
        data['PixelData'].VR = 'OW'
        write('many/%04d.dcm' % n, data, '1.2.840.10008.5.1.4.1.1.2', '1.2.826.0.1.3680043.10.5.1.%d' % (n + 1))


def all_test_files(source):
    (folder / 'all').mkdir()
    for n, path in enumerate(sorted(source.glob('*.dcm'))):
        try:
            data = pydicom.dcmread(path)
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = '2.25.7%05d3' % n
            data.StudyInstanceUID, data.SeriesInstanceUID = '2.25.7%05d1' % n, '2.25.7%05d2' % n
            data.PatientName, data.PatientID = 'Test^%s' % path.stem, 'T%d' % n
            data.save_as(folder / 'all' / path.name, write_like_original=False)
        except Exception as unreadable:  # some of them are broken on purpose, in many ways
            print('%s left out: %s' % (path.name, unreadable), file=sys.stderr)


head()
hostile()
greys = breast()
echo()
many()
all_test_files(Path(get_testdata_file('CT_small.dcm')).parent)
small = pydicom.dcmread(get_testdata_file('CT_small.dcm'))
stored = array.array('h', small.PixelData)
print(json.dumps({'folder': str(Path(get_testdata_file('CT_small.dcm')).parent),
                  'small': [int(value * small.RescaleSlope + small.RescaleIntercept) for value in stored], 'breast': greys}))
