import assert from 'node:assert/strict';
import test from 'node:test';
import {Exact, parse} from '../sql.js';
import {fields, isList, isNumber, isTime, quoted, word} from '../types.js';
import {QUESTIONS} from '../questions.js';

test('types are said in short words', () => {
  assert.deepEqual(['VARCHAR', 'BIGINT', 'UHUGEINT', 'DECIMAL(38,18)', 'BOOLEAN', 'TIMESTAMP WITH TIME ZONE', 'DATE', 'STRUCT(a INTEGER)[]', 'VARCHAR[3]'].map(word),
    ['text', 'whole number', 'whole number', 'number', 'yes or no', 'moment', 'date', 'list of structure', 'list of text']);
  assert.deepEqual(['DECIMAL(38,18)', 'DECIMAL(38,18)[]', 'INTEGER', 'INTERVAL', 'VARCHAR'].map(isNumber), [true, false, true, false, false]);
  assert.deepEqual(['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'DATE[]', 'TIME'].map(isTime), [true, true, true, false, false]);
});

test('fields of nested types are found however deep and however named', () => {
  assert.deepEqual(fields('STRUCT("use" VARCHAR, given VARCHAR[], "a, b" DECIMAL(38,18), "end" STRUCT(x INTEGER, y ENUM(\'(\', \',\')))[]'), [
    {name: 'use', type: 'VARCHAR'}, {name: 'given', type: 'VARCHAR[]'}, {name: 'a, b', type: 'DECIMAL(38,18)'},
    {name: 'end', type: "STRUCT(x INTEGER, y ENUM('(', ','))"}]);
  assert.deepEqual(fields('VARCHAR'), []);
  assert.equal(isList('STRUCT(a INTEGER)[]'), true);
});

test('names are quoted where they have to be', () => {
  assert.deepEqual(['Patient', 'Group', 'end', 'a b', 'x"y'].map(quoted), ['Patient', '"Group"', '"end"', '"a b"', '"x""y"']);
});

test('no digit of a number is lost where the browser shows them', () => {
  const found = parse('{"rows":[[12345678901234567.123456789,1.50,7,null,"1.50"]]}').rows[0];
  if (found[0] instanceof Exact) assert.deepEqual(found.map(value => value === null ? null : String(value)), ['12345678901234567.123456789', '1.50', '7', null, '1.50']);
  assert.equal(Number(found[1]), 1.5);
});

test('every question has a title of its own and reads only', () => {
  assert.equal(new Set(QUESTIONS.map(question => question.title)).size, QUESTIONS.length);
  for (const {sql} of QUESTIONS) assert.match(sql, /^(SELECT|DESCRIBE|WITH) /);
});
