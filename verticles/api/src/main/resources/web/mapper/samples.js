// Messages to begin with, for whoever has none of their own at hand. Pure.

export const MONITOR = {
  serial: 'MON-0042', bed: '7', sent: '2026-11-22T10:00:03Z',
  readings: [{at: '2026-11-22T10:00:00Z', hr: 72, spo2: 97}, {at: '2026-11-22T10:00:01Z', hr: 73, spo2: 'lead off'}],
  ecg: {mV: [0.02, 0.05, 0.91, -0.12], hz: 250},
};

export const SAMPLES = [
  {title: 'A monitor: readings in an array, a waveform', text: JSON.stringify(MONITOR, null, 2)},
  {title: 'A wearable: one flat object', text: JSON.stringify({deviceId: 'band-17', patientId: 'MRN-1017', time: '2026-11-22T10:00:00Z', heartRate: 64, steps: 5120, battery: 0.81}, null, 2)},
  {title: 'Azure IoT Hub: an envelope around it', text: JSON.stringify({
    Body: {heartRate: 78, timestamp: '2026-11-22T10:00:00Z'}, Properties: {ward: 'icu'},
    SystemProperties: {'iothub-connection-device-id': 'pump-3', 'iothub-enqueuedtime': '2026-11-22T10:00:01Z'}}, null, 2)},
  {title: 'Azure IoT Central: an export', text: JSON.stringify({
    applicationId: '1dffa667-9bee-4f16-b243-25ad4151475e', messageSource: 'telemetry', deviceId: '1vzb5ghlsg1', schema: 'default@v1',
    enqueuedTime: '2026-11-22T10:00:01.000Z', enrichments: {}, telemetry: {HeartRate: 81, Activity: 'running', BloodPressure: {Diastolic: 71, Systolic: 117}}}, null, 2)},
];
