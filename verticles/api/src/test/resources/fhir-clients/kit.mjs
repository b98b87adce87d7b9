// npm's fhir-kit-client against a running node: node kit.mjs BASE
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';

const require = createRequire(process.cwd() + '/');
const Client = require('fhir-kit-client');
const client = new Client({ baseUrl: process.argv[2] });
const tag = { system: 'urn:kit', code: 'k' + Date.now() };

async function refused(status, call) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.response?.status, status, String(error));
    return;
  }
  assert.fail('expected ' + status);
}

const statement = await client.capabilityStatement();
assert.equal(statement.fhirVersion, '4.0.1');

const body = { resourceType: 'Patient', meta: { tag: [tag] }, name: [{ family: 'Kit' }], birthDate: '1970-01-01' };
const made = await client.create({ resourceType: 'Patient', body });
assert.equal(made.meta.versionId, '1');

const read = await client.read({ resourceType: 'Patient', id: made.id });
assert.equal(read.name[0].family, 'Kit');

const updated = await client.update({ resourceType: 'Patient', id: made.id, body: { ...read, gender: 'other' } });
assert.equal(updated.meta.versionId, '2');
assert.equal((await client.vread({ resourceType: 'Patient', id: made.id, version: '1' })).gender, undefined);

const history = await client.history({ resourceType: 'Patient', id: made.id });
assert.equal(history.entry.length, 2);

for (let i = 0; i < 3; i++) await client.create({ resourceType: 'Patient', body });
const searchParams = { _tag: tag.system + '|' + tag.code, _count: 3 };
let page = await client.search({ resourceType: 'Patient', searchParams });
const found = new Set(page.entry.map((entry) => entry.resource.id));
while (page.link.some((link) => link.relation === 'next')) {
  page = await client.nextPage({ bundle: page });
  (page.entry ?? []).forEach((entry) => found.add(entry.resource.id));
}
assert.equal(found.size, 4);
const posted = await client.search({ resourceType: 'Patient', searchParams, options: { postSearch: true } });
assert.equal(posted.entry.length, 3);

const outcome = await client.operation({
  name: '$validate', resourceType: 'Patient', method: 'POST', input: { resourceType: 'Patient', gender: 'robot' },
});
assert.equal(outcome.issue[0].expression[0], 'Patient.gender');

await refused(422, () => client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', nmae: [] } }));
await refused(404, () => client.read({ resourceType: 'Patient', id: 'nobody-' + tag.code }));
await client.delete({ resourceType: 'Patient', id: made.id });
await refused(410, () => client.read({ resourceType: 'Patient', id: made.id }));
console.log('done');
