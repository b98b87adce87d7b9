// SMART's fhirclient (npm) against a running node: node smart.mjs BASE
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const require = createRequire(process.cwd() + '/');
const FHIR = require('fhirclient');
const client = FHIR({ headers: {}, url: '/' }, { setHeader() {} }).client({ serverUrl: process.argv[2] });
const tag = { system: 'urn:smart', code: 's' + Date.now() };
const body = { resourceType: 'Patient', meta: { tag: [tag] }, name: [{ family: 'Smart' }] };

const made = [];
for (let i = 0; i < 5; i++) made.push(await client.create(body));
assert.equal(made[0].meta.versionId, '1');

const read = await client.request('Patient/' + made[0].id);
assert.equal(read.name[0].family, 'Smart');

const all = await client.request('Patient?_count=2&_tag=' + encodeURIComponent(tag.system + '|' + tag.code), {
  pageLimit: 0, flat: true,
});
assert.equal(new Set(all.map((one) => one.id)).size, 5);

const changed = await client.update({ ...read, gender: 'female' });
assert.equal(changed.meta.versionId, '2');

await client.delete('Patient/' + made[0].id);
await assert.rejects(() => client.request('Patient/' + made[0].id), (error) => error.status === 410 || error.statusCode === 410);
await assert.rejects(() => client.create({ resourceType: 'Patient', nmae: 1 }), (error) => (error.status ?? error.statusCode) === 422);
console.log('done');
