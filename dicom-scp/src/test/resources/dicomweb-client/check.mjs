// dicomweb-client against a DICOMweb server: node check.mjs BASE_URL FILE.dcm STUDY SERIES INSTANCE COLUMNS ROWS FRAMES
// FILE.dcm holds grey pixels of 8 bits, uncompressed, at its end. It is stored, found on all three levels, and fetched back in every way the library has.
// Exit 1 with the reason when one of these fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
globalThis.XMLHttpRequest = require('xhr2');
const { api } = require('dicomweb-client');
const [url, file, studyInstanceUID, seriesInstanceUID, sopInstanceUID, ...sizes] = process.argv.slice(2);
const [columns, rows, frameCount] = sizes.map(Number);
const client = new api.DICOMwebClient({ url, verbose: false });
const bytes = readFileSync(file);
const dataset = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
const raw = bytes.subarray(bytes.length - columns * rows * frameCount);
const study = { studyInstanceUID }, series = { ...study, seriesInstanceUID }, instance = { ...series, sopInstanceUID };
const uid = (found, tag) => found.map(one => one[tag].Value[0]);
/** Some calls give one buffer, some a list with one in it. */
const only = found => {
  const all = [found].flat();
  assert.equal(all.length, 1);
  return Buffer.from(all[0]);
};
const same = (got, want, what) => assert.ok(got.equals(Buffer.from(want)), what + ' differs: ' + got.length + ' bytes');

await client.storeInstances({ datasets: [dataset] });
await assert.rejects(client.storeInstances({ datasets: [dataset] }), { status: 409 });

assert.deepEqual(uid(await client.searchForStudies({ queryParams: { StudyInstanceUID: studyInstanceUID } }), '0020000D'), [studyInstanceUID]);
assert.deepEqual(uid(await client.searchForSeries(study), '0020000E'), [seriesInstanceUID]);
assert.deepEqual(uid(await client.searchForInstances(series), '00080018'), [sopInstanceUID]);
assert.deepEqual(await client.searchForStudies({ queryParams: { PatientID: 'nobody-at-all' } }), []);

for (const metadata of [await client.retrieveStudyMetadata(study), await client.retrieveSeriesMetadata(series), [await client.retrieveInstanceMetadata(instance)].flat()])
  assert.deepEqual(uid(metadata, '00080018'), [sopInstanceUID]);

same(only(await client.retrieveInstance(instance)), dataset, 'instance');
same(only(await client.retrieveStudy(study)), dataset, 'study');
same(only(await client.retrieveSeries(series)), dataset, 'series');

const frameNumbers = Array.from({ length: frameCount }, (none, at) => at + 1);
const frames = await client.retrieveInstanceFrames({ ...instance, frameNumbers });
assert.equal(frames.length, frameCount);
same(Buffer.concat(frames.map(one => Buffer.from(one))), raw, 'frames');

const [{ '7FE00010': { BulkDataURI } }] = [await client.retrieveInstanceMetadata(instance)].flat();
for (const mediaTypes of [undefined, [{ mediaType: 'application/octet-stream', transferSyntaxUID: '*' }]])
  same(only(await client.retrieveBulkData({ BulkDataURI, mediaTypes })), raw, 'bulk data');

const jpeg = only(await client.retrieveInstanceRendered({ ...instance, mediaTypes: [{ mediaType: 'image/jpeg' }], queryParams: { viewport: '8,8' } }));
assert.equal(jpeg.readUInt16BE(0), 0xffd8, 'JPEG');
const png = only(await client.retrieveInstanceFramesRendered({ ...instance, frameNumbers: [frameCount], mediaTypes: [{ mediaType: 'image/png' }] }));
assert.equal(png.toString('latin1', 1, 4), 'PNG');
assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [columns, rows], 'size of the PNG');
console.log('dicomweb-client: all as it should be');
