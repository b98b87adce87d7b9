import assert from 'node:assert/strict';
import test from 'node:test';
import {KINDS, binaryId, cautions, doubts, itemOf, studyUid} from '../kinds.js';
import {lines, measureOf, thinned} from '../series.js';
import {age, concept, dateText, dayOf, names, periodText, summary, value} from '../words.js';

test('a patient is called by the official name in use, and all others are kept', () => {
  assert.deepEqual(names({name: [{use: 'maiden', family: 'Berg'}, {use: 'usual', text: 'Ada'}, {use: 'official', family: 'Costa', given: ['Ada', 'Maria']}]}),
    {main: 'Costa, Ada Maria', others: [{use: 'maiden', text: 'Berg', ended: false}, {use: 'usual', text: 'Ada', ended: false}]});
  assert.equal(names({name: [{use: 'official', family: 'Old', period: {end: '2020'}}, {family: 'New'}]}).main, 'New');
  for (const odd of [{}, {name: []}, {name: [{}]}, {name: [null, 'x']}, {name: 'x'}, {name: [{given: [null]}]}]) assert.equal(names(odd).main, '');
});

test('a date is as precise as it is written', () => {
  assert.deepEqual(['1970', '1970-03', '1970-03-12', 'soon', undefined, 5].map(dateText), ['1970', 'Mar 1970', '12 Mar 1970', 'soon', '', '5']);
  assert.match(dateText('2026-11-20T10:00:00Z'), /^\d+ Nov 2026, \d\d:\d\d$/);
  assert.equal(periodText({start: '2020', end: '2021-02'}), '2020 – Feb 2021');
  assert.equal(periodText({start: '2020'}), 'since 2020');
  assert.equal(periodText(null), '');
});

test('an age says "about" where it is not known', () => {
  assert.equal(age('1970-03-12', '2026-03-11'), '55 years');
  assert.equal(age('1970-03-12', '2026-03-12'), '56 years');
  assert.equal(age('1970', '2026-03-12'), 'about 56 years');
  assert.equal(age('2026-01-31', '2026-03-01'), '1 month');
  assert.equal(age(undefined, '2026-01-01'), '');
  assert.equal(age('2027-01-01', '2026-01-01'), '');
});

test('whatever is measured has words', () => {
  const said = [{valueQuantity: {value: '70.10', unit: 'kg'}}, {valueQuantity: {comparator: '<', value: 5, code: 'mg'}}, {valueCodeableConcept: {coding: [{code: 'x'}]}}, {valueBoolean: false}, {valueInteger: 0},
    {valueRange: {low: {value: 1}}}, {valueRatio: {numerator: {value: 1}, denominator: {value: 128}}}, {valueSampledData: {origin: {value: 10, unit: 'mV'}, period: 1, data: '1 E 3'}}, {dataAbsentReason: {text: 'refused'}}, {}].map(value);
  assert.deepEqual(said, ['70.10 kg', '< 5 mg'.replace(' ', ''), 'x', 'no', '0', 'from 1', '1 / 128', '11 – 13 mV, 2 samples', 'no value: refused', '']);
  assert.equal(summary({component: [{code: {text: 'Sys'}, valueQuantity: {value: 120}}, {code: {text: 'Dia'}, valueQuantity: {value: 80}}]}), 'Sys 120 · Dia 80');
  assert.equal(concept(null), '');
});

test('lines are parted by what is measured and by unit, in order of time, without what has no date', () => {
  const one = (value, unit, at) => ({code: {text: 'W'}, effectiveDateTime: at, valueQuantity: {value, unit}});
  const found = lines([one(71, 'kg', '2021'), one(70, 'kg', '2020'), one(155, 'lb', '2019'), one(1, 'kg'), {code: {text: 'W'}, effectiveDateTime: '2020', valueString: 'x'}]);
  assert.deepEqual([...found.keys()], ['W (kg)', 'W (lb)']);
  assert.deepEqual(found.get('W (kg)').map(point => point[1]), [70, 71]);
});

test('thinning keeps every peak', () => {
  const points = Array.from({length: 20_000}, (none, i) => [i, i === 12_345 ? 500 : Math.sin(i)]);
  const kept = thinned(points, 700);
  assert.ok(kept.length <= 700);
  assert.ok(kept.some(point => point[1] === 500));
  assert.deepEqual(kept.map(point => point[0]), kept.map(point => point[0]).sort((a, b) => a - b));
});

test('a measure is found again by its code, or by its text where it has none', () => {
  assert.deepEqual(measureOf({code: {coding: [{system: 'http://loinc.org', code: '8867-4', display: 'HR'}]}}), {key: 'http://loinc.org|8867-4', name: 'HR', param: ['code', 'http://loinc.org|8867-4'], code: 'http://loinc.org|8867-4'});
  assert.deepEqual(measureOf({code: {text: 'a,b'}}).param, ['code:text', 'a\\,b']);
  assert.equal(measureOf({}).param, null);
});

test('nothing leads away from this node', () => {
  assert.equal(binaryId('Binary/b-1'), 'b-1');
  for (const url of ['javascript:alert(1)', 'https://elsewhere.example/Binary/1', '//x/Binary/1', 'Binary/../../auth/logout', 'Binary/1?x=1', 7]) assert.equal(binaryId(url), null);
  assert.equal(studyUid({identifier: [{system: 'urn:dicom:uid', value: 'urn:oid:1.2.3'}]}), '1.2.3');
  assert.equal(studyUid({identifier: [{system: 'urn:dicom:uid', value: 'urn:oid:1.2"><script>'}]}), null);
  const document = KINDS.find(kind => kind.key === 'documents');
  assert.deepEqual(itemOf(document, {content: [{attachment: {url: 'javascript:alert(1)'}}, {attachment: {url: 'Binary/1', title: 'Letter'}}]}).links,
    [{words: 'Document, kept elsewhere: javascript:alert(1)'}, {words: 'Open: Letter', href: '/fhir/Binary/1'}]);
});

test('every kind reads a resource that has nothing', () => {
  for (const kind of KINDS) {
    const item = itemOf(kind, {resourceType: kind.type, id: 'x'});
    assert.ok(item.title.length > 3, kind.key);
    assert.ok(Number.isNaN(item.at), kind.key);
  }
});

const coded = (code, display) => ({text: display, coding: [{system: 'http://terminology.hl7.org/CodeSystem/x', code, display}]});

test('a status is told by its code, whatever is written beside it', () => {
  const conditions = KINDS.find(kind => kind.key === 'conditions');
  const read = (verification, clinical = coded('active', 'Aktiv')) => itemOf(conditions, {code: {text: 'Asthma'}, verificationStatus: verification, clinicalStatus: clinical});
  assert.equal(read(coded('entered-in-error', 'Entered in Error')).status, 'entered-in-error');
  assert.deepEqual(read(coded('refuted', 'Widerlegt')).badges, [{words: 'refuted', strong: true}]);
  assert.deepEqual([read(coded('confirmed', 'Bestätigt')).badges, read(undefined).badges], [[], []]);
  assert.equal(read(undefined).status, 'active');
  assert.deepEqual(doubts({verificationStatus: {coding: [{system: 'urn:local', code: '7'}, ...coded('refuted').coding]}}), [{words: 'refuted', strong: true}]);
  assert.deepEqual(doubts({verificationStatus: coded('provisional')}), [{words: 'provisional', strong: false}]);
  for (const odd of [{}, {verificationStatus: null}, {verificationStatus: {text: 'refuted'}}, {verificationStatus: {coding: 'x'}}]) assert.deepEqual(doubts(odd), []);
});

test('what is not to be given, and what nobody has ordered, is no plain prescription', () => {
  assert.deepEqual(cautions({doNotPerform: true, intent: 'order'}), [{words: 'do NOT give', strong: true}]);
  assert.deepEqual(cautions({intent: 'proposal'}), [{words: 'proposal, not an order', strong: false}]);
  assert.deepEqual(cautions({intent: 'plan', doNotPerform: true}).length, 2);
  assert.deepEqual([cautions({intent: 'order', doNotPerform: false}), cautions({intent: 'reflex-order'}), cautions({})], [[], [], []]);
  assert.deepEqual(itemOf(KINDS.find(kind => kind.key === 'medications'), {doNotPerform: true}).badges.length, 1);
});

test('a day is the one on this clock', () => {
  assert.equal(dayOf(new Date(2026, 0, 5, 0, 30)), '2026-01-05');
  assert.equal(dayOf(new Date(2026, 11, 31, 23, 30)), '2026-12-31');
});
