import assert from 'node:assert/strict';
import test from 'node:test';
import {asNames, fits, forms, hasParts, isAskable, toParams, understand} from '../query.js';

const TODAY = new Date(2026, 10, 22);
const said = typed => understand(typed, TODAY).map(word => word.said);
const asked = (typed, whole = true) => decodeURIComponent(String(toParams(understand(typed, TODAY), whole)));

test('names, dates and numbers are told apart in any order', () => {
  assert.deepEqual(said('Muell 1970-03'), ['name with “Muell”', 'born Mar 1970']);
  assert.deepEqual(said('12.03.1970, Anna'), ['born 12 Mar 1970', 'name with “Anna”']);
  assert.deepEqual(said('12. 3. 1970'), ['born 12 Mar 1970']);
  assert.deepEqual(said('MRN-1099'), ['number with “MRN-1099”']);
  assert.deepEqual(said('urn:mrn|1099'), ['number “1099” of urn:mrn']);
  assert.deepEqual(said('03/1970 1970/03/12 19700312 1970'), ['born Mar 1970', 'born 12 Mar 1970', 'born 12 Mar 1970', 'born 1970']);
  assert.deepEqual(said('#1970'), ['number with “1970”']);
  assert.deepEqual(said('7004 99999999'), ['number with “7004”', 'number with “99999999”']);
});

test('what a short name is looked for as is said', () => {
  assert.deepEqual(said('Xu m'), ['name beginning with “Xu”', 'name beginning with “m”']);
});

test('a day whose month nobody can tell is asked both ways', () => {
  assert.deepEqual(said('3/12/1970'), ['born 3 Dec 1970 or 12 Mar 1970']);
  assert.equal(asked('3/12/1970'), 'birthdate=1970-12-03,1970-03-12');
  assert.deepEqual(said('12/31/1970'), ['born 31 Dec 1970']);
});

test('what is no day, or to come, is said and not asked', () => {
  assert.deepEqual(said('31.02.1970'), ['“31.02.1970” is no day of the calendar']);
  assert.deepEqual(said('1970-13'), ['“1970-13” is no day of the calendar']);
  assert.deepEqual(said('24.12.2026'), ['“24.12.2026” has not come yet']);
  assert.equal(isAskable(understand('Anna 31.02.1970', TODAY)), false);
  assert.equal(isAskable(understand(' , - ', TODAY)), false);
});

test('umlauts may be written out or not, on either side', () => {
  assert.deepEqual(forms('Muell'), ['muell', 'mull']);
  assert.deepEqual(forms('Müller'), ['müller', 'mueller']);
  assert.deepEqual(forms('Jørgensen'), ['jørgensen', 'joergensen']);
  assert.deepEqual(forms('Haakon'), ['haakon', 'hakon']);
  assert.deepEqual(forms('Sue'), ['sue']);
});

test('short names are asked from their beginning, others within', () => {
  assert.equal(asked('李 小明 Xu Costa'), 'name=李&name=小明&name=xu&name:contains=costa');
});

test('what FHIR reads as its own signs is escaped', () => {
  assert.equal(asked('O$Neil\\'), 'name:contains=o\\$neil\\\\');
  assert.equal(asked('a|b$1'), 'identifier=a|b\\$1');
});

test('a number is looked for whole, and then as a part that stands in an identifier', () => {
  assert.equal(asked('mrn-10'), 'identifier=mrn-10');
  assert.equal(asked('mrn-10', false), '_content=mrn-10');
  assert.equal(hasParts(understand('12', TODAY)), false);
  assert.equal(hasParts(understand('x|1234', TODAY)), false);
  const words = understand('mrn-10', TODAY);
  assert.equal(fits({identifier: [{value: 'MRN-1099'}]}, words), true);
  assert.equal(fits({identifier: [{system: 'mrn-10'}, null], telecom: [{value: 'mrn-10'}]}, words), false);
});

test('letters that end in digits are a number or a name', () => {
  const words = understand('Brekke496 1970 MRN-1099 A1', TODAY);
  assert.deepEqual(words.map(word => word.said), ['number or name with “Brekke496”', 'born 1970', 'number with “MRN-1099”', 'number with “A1”']);
  assert.equal(asked('Brekke496'), 'identifier=Brekke496');
  assert.equal(decodeURIComponent(String(toParams(asNames(words), true))), 'name:contains=brekke496,brekk496&birthdate=1970&identifier=MRN-1099&identifier=A1'.replace('brekke496,brekk496', 'brekke496'));
  assert.equal(asNames(understand('MRN-1099 Anna', TODAY)), null);
  const mixed = understand('Brekke496 mrn1099', TODAY);
  assert.equal(fits({name: [{family: 'Brekke496', given: ['Adela471']}], identifier: [{value: 'MRN1099'}]}, mixed), true);
  assert.equal(fits({name: [{family: 'Brekke', given: null}, null], identifier: [{value: 'MRN1099'}]}, mixed), false);
});

test('however much is typed, the question stays small', () => {
  assert.equal(understand('a '.repeat(500), TODAY).length, 8);
  assert.ok(asked('a'.repeat(10_000)).length < 200);
});
