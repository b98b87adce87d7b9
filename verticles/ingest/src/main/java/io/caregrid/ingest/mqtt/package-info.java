/**
 * Readings by MQTT 3.1.1 and 5 into topic {@code devicedata}.
 *
 * <p>Start at {@link io.caregrid.ingest.mqtt.MqttConnection} for what follows what: {@link io.caregrid.ingest.mqtt.Arrival} lets a device in,
 * {@link io.caregrid.ingest.mqtt.InFlight} takes its messages and answers them, {@link io.caregrid.ingest.mqtt.Stay} is what it has here and leaves behind. At
 * {@link io.caregrid.ingest.mqtt.Content} for what of a message goes into the log. The invariant: <b>PUBACK and PUBREC are said only after Kafka acknowledged the message</b>, in the order in which the messages came. While Kafka takes
 * nothing they are not said, and the connection ends: its device sends again what was not answered.
 *
 * <p>Order: the messages of one client id go to one source partition, in the order in which they came.
 *
 * <p>Bounded: bytes of a node by {@code mqtt.bufferBytes}, taken when a packet's first bytes come and given back when it is answered; messages of a connection by
 * {@code mqtt.inFlight}. Beyond either no more is read from the socket. Lost may be, and is counted: messages of QoS 0 and wills while Kafka takes nothing.
 *
 * <p>Never here: what a message means (templates). And this is no broker: nothing is ever sent to a device but answers.
 */
package io.caregrid.ingest.mqtt;
