// From one real message to a mapping in force, step by step. Each step knows by itself whether it is done: it looks at what the node says. Pure.
import {MONITOR} from './samples.js';
import {FHIR} from './templates.js';

const SPO2 = {templateType: 'CalculatedContent', template: {
  typeName: 'spo2', typeMatchExpression: '$.Body.readings[?(@.spo2 > 0)]', deviceIdExpression: '$.Body.serial', timestampExpression: '$.matchedToken.at',
  values: [{valueName: 'spo2', valueExpression: '$.matchedToken.spo2', required: true}]}};
const HEART_RATE = {templateType: 'CalculatedContent', template: {
  typeName: 'heartrate', typeMatchExpression: '$.Body.readings[?(@.hr)]', deviceIdExpression: '$.Body.serial', timestampExpression: '$.matchedToken.at',
  values: [{valueName: 'hr', valueExpression: '$.matchedToken.hr', required: true}]}};
const ECG = {templateType: 'CalculatedContent', template: {
  typeName: 'ecg', typeMatchExpression: '$..[?(@.mV)]', deviceIdExpression: '$.Body.serial', timestampExpression: '$.Body.sent',
  values: [{valueName: 'mV', valueExpression: '$.Body.ecg.mV', samples: {periodExpression: {value: 'divide(`1000.0`, Body.ecg.hz)', language: 'JmesPath'}}, required: true}]}};

/** What the mappings give for all messages together. */
function all(state, what) {
  return (state.results ?? []).flatMap(result => result[what]);
}

function measured(state, type) {
  return all(state, 'measurements').filter(one => one.type === type);
}

function coded(state, code) {
  return all(state, 'observations').some(one => one.code?.coding?.some(coding => coding.code === code));
}

const fhir = name => FHIR.find(one => one.name === name).template;
const named = (one, typeName) => ({...one, template: {...one.template, typeName}});
const said = (state, mapping) => (state.problems ?? []).filter(one => one.mapping === mapping && one.severity === 'error').length;

/**
 * A state: {messages: number, problems, results, mended, stored, sent}. mended: there was an error, and is none any more; stored: the texts are in force.
 * A step: {title, text: string[], done(state), hint(state)?, help: {words, message | append(state): [mapping, ...templates] | open}}.
 */
export const STEPS = [
  {title: 'Take a message',
    text: ['Begin with what your device really sends: paste it on the left, or capture one from the stream. For this tour, take the one of a bedside monitor.',
      'It stands there as templates see it. What the device sent is in Body; headers are in Properties.'],
    done: state => state.messages > 0, help: {words: 'Put the monitor’s message in', message: JSON.stringify(MONITOR, null, 2)}},
  {title: 'Find the heart rate',
    text: ['A template of the device mapping says what a match is (typeMatchExpression), and for each match: whose device, when, and which values.',
      'Choose the value 72 in the message, then “New template for this value”. Or let it be put in.'],
    done: state => measured(state, 'heartrate').length + measured(state, 'hr').length > 0, help: {words: 'Put the template in', append: () => ['device', HEART_RATE]}},
  {title: 'Read a mistake',
    text: ['Delete a bracket somewhere in the device mapping. The line is marked, and the sentence below says what is wrong there; choose it to go to the place. F8 goes from one to the next.',
      'This step is done when you have seen an error and mended it.'],
    done: state => state.mended, hint: state => said(state, 'device') ? 'There it is. Mend it: Ctrl+Z.' : ''},
  {title: 'Leave out what is no number',
    text: ['The second saturation is “lead off”. $.Body.readings[?(@.spo2 > 0)] takes only numbers, so nothing is set aside for the other.'],
    done: state => measured(state, 'spo2').length > 0 && !all(state, 'measurements').some(one => one.type === 'spo2' && one.properties.some(two => !Number.isFinite(Number(two.value)))),
    help: {words: 'Put the template in', append: () => ['device', SPO2]}},
  {title: 'Take a waveform, with JMESPath',
    text: ['The electrocardiogram is four samples in one message. samples says so; how far they lie apart is computed from hz by a JMESPath expression: 1000 ms / 250 = 4 ms.',
      'Try expressions on the message below it, in either language: what they find is marked in the message.'],
    done: state => measured(state, 'ecg').some(one => one.properties.some(two => two.value.startsWith('4ms '))), help: {words: 'Put the template in', append: () => ['device', ECG]}},
  {title: 'Say what they are',
    text: ['The FHIR mapping gives each type its codes, so that a number is a heart rate for everybody, and says how much goes into one Observation: here an hour.',
      'A warning in the device mapping tells which types have no FHIR template yet.'],
    done: state => coded(state, '8867-4'), help: {words: 'Put the heart rate in', append: state => ['fhir', named(fhir('SampledData'), measured(state, 'heartrate').length ? 'heartrate' : 'hr')]}},
  {title: 'The others, too',
    text: ['A saturation for itself is a Quantity at a point in time; of the waveform it is a minute.'],
    done: state => coded(state, '59408-5') && coded(state, '11524-6'), help: {words: 'Put both in', append: () => ['fhir', fhir('Quantity'), fhir('SampledData, waveform')]}},
  {title: 'Put it in force',
    text: ['Until now the node has only judged what stands here, and kept nothing of it. “Put in force” gives both texts to the node under a name; it counts on all nodes at once, and the version before it can be brought back.',
      'Take a name of its own such as tour, so that it is in nobody’s way: messages for it are sent to /ingest/tour.'],
    done: state => Boolean(state.stored), help: {words: 'Put in force …', open: 'put'}},
  {title: 'Send it, and see it',
    text: ['“Send to the node” sends the message as its device would. The node has to know whose the device is: a Device with this identifier that is linked to a Patient (with identity.mode Create it makes them, when the mapping says which patient).',
      'A second later the Observation is at the patient. What cannot be used stands in the dead letters, with its reason; from there it comes back into this page, and is sent again when the mapping is mended.'],
    done: state => Boolean(state.sent), help: {words: 'Send to the node', open: 'send'}},
];

