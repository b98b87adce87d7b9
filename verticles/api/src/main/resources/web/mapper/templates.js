// Templates to begin with, one of each kind. Pure.

const loinc = (code, display) => [{system: 'http://loinc.org', code, display}];
const codeValue = (typeName, rest) => ({templateType: 'CodeValueFhir', template: {typeName, ...rest}});

export const DEVICE = [
  {name: 'CalculatedContent', title: 'CalculatedContent: sees the whole message and the match', template: {
    templateType: 'CalculatedContent', template: {
      typeName: 'heartrate', typeMatchExpression: '$..[?(@heartRate)]', deviceIdExpression: '$.Body.deviceId', timestampExpression: '$.Body.time',
      values: [{valueName: 'hr', valueExpression: '$.matchedToken.heartRate', required: true}]}}},
  {name: 'CalculatedContent, JMESPath', title: 'CalculatedContent with JMESPath', template: {
    templateType: 'CalculatedContent', template: {
      typeName: 'heartrate', typeMatchExpression: '[Body][?heartRate]', defaultExpressionLanguage: 'JmesPath', deviceIdExpression: 'Body.deviceId', timestampExpression: 'Body.time',
      values: [{valueName: 'hr', valueExpression: 'matchedToken.heartRate', required: true}]}}},
  {name: 'JsonPathContent', title: 'JsonPathContent: sees the match only', template: {
    templateType: 'JsonPathContent', template: {
      typeName: 'heartrate', typeMatchExpression: '$..[?(@heartRate)]', deviceIdExpression: '$.deviceId', patientIdExpression: '$.patientId', timestampExpression: '$.time',
      values: [{valueName: 'hr', valueExpression: '$.heartRate', required: true}]}}},
  {name: 'IotJsonPathContent', title: 'IotJsonPathContent: device and time from IoT Hub', template: {
    templateType: 'IotJsonPathContent', template: {
      typeName: 'heartrate', typeMatchExpression: '$..[?(@Body.heartRate)]', values: [{valueName: 'hr', valueExpression: '$.Body.heartRate', required: true}]}}},
  {name: 'IotCentralJsonPathContent', title: 'IotCentralJsonPathContent: an export of IoT Central', template: {
    templateType: 'IotCentralJsonPathContent', template: {
      typeName: 'heartrate', typeMatchExpression: '$..[?(@telemetry.HeartRate)]', values: [{valueName: 'hr', valueExpression: '$.telemetry.HeartRate', required: true}]}}},
];

export const FHIR = [
  {name: 'Quantity', title: 'Quantity: one number with its unit', template: codeValue('spo2', {
    effective: 'DateTime', codes: loinc('59408-5', 'Oxygen saturation by pulse oximetry'),
    value: {valueType: 'Quantity', valueName: 'spo2', unit: '%', system: 'http://unitsofmeasure.org', code: '%'}})},
  {name: 'SampledData', title: 'SampledData: a series, here an hour of it', template: codeValue('heartrate', {
    periodInterval: 60, codes: loinc('8867-4', 'Heart rate'),
    value: {valueType: 'SampledData', valueName: 'hr', defaultPeriod: 1000, unit: '/min', trimmed: true}})},
  {name: 'SampledData, waveform', title: 'SampledData: several samples in one message', template: codeValue('ecg', {
    periodInterval: 1, codes: loinc('11524-6', 'EKG study'),
    value: {valueType: 'SampledData', valueName: 'mV', defaultPeriod: 4, unit: 'mV', trimmed: true, samples: true}})},
  {name: 'CodeableConcept', title: 'CodeableConcept: that something was so', template: codeValue('fall', {
    effective: 'DateTime', codes: [{system: 'http://snomed.info/sct', code: '217082002', display: 'Accidental fall'}],
    value: {valueType: 'CodeableConcept', valueName: 'fall', text: 'Fall', codes: [{system: 'http://snomed.info/sct', code: '217082002', display: 'Accidental fall'}]}})},
  {name: 'String', title: 'String: a text', template: codeValue('note', {effective: 'DateTime', codes: [{system: 'http://hospital.example/codes', code: 'note'}], value: {valueType: 'String', valueName: 'note'}})},
  {name: 'Integer', title: 'Integer: a whole number without a unit', template: codeValue('score', {effective: 'DateTime', codes: loinc('9269-2', 'Glasgow coma score total'), value: {valueType: 'Integer', valueName: 'score'}})},
  {name: 'Boolean', title: 'Boolean: true or false', template: codeValue('alarm', {effective: 'DateTime', codes: [{system: 'http://hospital.example/codes', code: 'alarm'}], value: {valueType: 'Boolean', valueName: 'alarm'}})},
  {name: 'Range', title: 'Range: 92..96', template: codeValue('target', {effective: 'DateTime', codes: [{system: 'http://hospital.example/codes', code: 'target'}], value: {valueType: 'Range', valueName: 'target', unit: '%'}})},
  {name: 'Ratio', title: 'Ratio: 1:2', template: codeValue('ie', {effective: 'DateTime', codes: [{system: 'http://hospital.example/codes', code: 'ie'}], value: {valueType: 'Ratio', valueName: 'ie'}})},
  {name: 'Components', title: 'Components: two values in one Observation', template: codeValue('bloodpressure', {
    effective: 'DateTime', codes: loinc('85354-9', 'Blood pressure panel'),
    components: [
      {codes: loinc('8480-6', 'Systolic blood pressure'), value: {valueType: 'Quantity', valueName: 'systolic', unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]'}},
      {codes: loinc('8462-4', 'Diastolic blood pressure'), value: {valueType: 'Quantity', valueName: 'diastolic', unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]'}}]})},
  {name: 'Capture rule', title: 'Capture rule: one reading a minute is kept', template: codeValue('pulse', {
    effective: 'DateTime', codes: loinc('8867-4', 'Heart rate'), capture: {value: 'hr', every: 60000, keep: 'mean', least: 20, most: 300},
    value: {valueType: 'Quantity', valueName: 'hr', unit: '/min', system: 'http://unitsofmeasure.org', code: '/min'}})},
];
