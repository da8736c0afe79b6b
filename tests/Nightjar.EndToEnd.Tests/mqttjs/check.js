// Runs one scenario of the end-to-end tests with MQTT.js.
//
//     node check.js PORT VERSION SCENARIO [PROTOCOL]      VERSION: 3.1, 3.1.1 or 5; PROTOCOL: mqtt (default) or ws
//
// Ends with 0 and prints "ok" when the broker at 127.0.0.1:PORT behaved; otherwise the assertion that failed is on stderr.
'use strict';

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { once } = require('node:events');
const mqtt = require('mqtt');

const [port, versionText, scenarioName, protocol = 'mqtt'] = process.argv.slice(2);
const version = { '3.1': 3, '3.1.1': 4, 5: 5 }[versionText];
const v5 = version === 5;
const name = randomUUID().replaceAll('-', '').slice(0, 12); // prefix of topics and client ids, so that runs keep apart
const guard = 15_000;

const topic = (suffix) => `${name}/${suffix}`;

// A connected client whose messages can be waited for. They are collected from before the connection on, because queued messages
// of a resumed session may come with the CONNACK.
async function connect(id, options = {}) {
    const client = mqtt.connect({
        host: '127.0.0.1', port: Number(port), protocol, path: '/mqtt', protocolVersion: version, protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
        clientId: name + id, clean: true, reconnectPeriod: 0, connectTimeout: guard, ...options,
    });
    const messages = [];
    const waiting = [];
    client.on('message', (messageTopic, payload, packet) => {
        const message = { topic: messageTopic, text: payload.toString(), payload, packet };
        if (waiting.length > 0) waiting.shift()(message);
        else messages.push(message);
    });
    const [connack] = await once(client, 'connect', { signal: AbortSignal.timeout(guard) });
    return {
        mqtt: client,
        connack,
        message: () => (messages.length > 0 ? Promise.resolve(messages.shift()) : new Promise((resolve) => waiting.push(resolve))),
        publish: (to, payload, publishOptions = {}) => client.publishAsync(to, payload, publishOptions),
        subscribe: async (filter, subscribeOptions) => {
            const granted = await client.subscribeAsync(filter, subscribeOptions);
            assert.equal(granted[0].qos, subscribeOptions.qos);
        },
        close: () => client.endAsync(),
        drop: () => client.stream.destroy(),
    };
}

const closeAll = (...clients) => Promise.all(clients.map((client) => client.close()));

async function publishAt(qos) {
    const [receiver, sender] = [await connect('r'), await connect('s')];
    await receiver.subscribe(topic('+'), { qos });
    for (let i = 0; i < 50; i++) await sender.publish(topic('a'), `message ${i}`, { qos });
    for (let i = 0; i < 50; i++) {
        const { topic: received, text, packet } = await receiver.message();
        assert.deepEqual([received, text, packet.qos, packet.retain], [topic('a'), `message ${i}`, qos, false]);
    }
    await receiver.mqtt.unsubscribeAsync(topic('+'));
    await sender.publish(topic('a'), 'nobody hears this', { qos });
    await receiver.subscribe(topic('b'), { qos });
    await sender.publish(topic('b'), 'end', { qos });
    assert.equal((await receiver.message()).text, 'end');
    await closeAll(receiver, sender);
}

const scenarios = {
    connect: async () => {
        const client = await connect('c');
        assert.equal(client.connack.sessionPresent, false);
        await client.close();
    },

    qos0: () => publishAt(0),
    qos1: () => publishAt(1),
    qos2: () => publishAt(2),

    large: async () => {
        const [receiver, sender] = [await connect('r'), await connect('s')];
        await receiver.subscribe(topic('a'), { qos: 1 });
        const payload = Buffer.alloc(1_000_000, 'payload');
        await sender.publish(topic('a'), payload, { qos: 1 });
        assert.ok((await receiver.message()).payload.equals(payload));
        await closeAll(receiver, sender);
    },

    retained: async () => {
        const [sender, receiver] = [await connect('s'), await connect('r')];
        await sender.publish(topic('kept'), 'old', { qos: 1, retain: true });
        await sender.publish(topic('kept'), 'new', { qos: 1, retain: true });
        await sender.publish(topic('cleared'), 'x', { qos: 1, retain: true });
        await sender.publish(topic('cleared'), '', { qos: 1, retain: true });
        await receiver.subscribe(topic('#'), { qos: 1 });
        const stored = await receiver.message();
        assert.deepEqual([stored.topic, stored.text, stored.packet.retain], [topic('kept'), 'new', true]);
        await sender.publish(topic('kept'), '', { qos: 1, retain: true });
        const live = await receiver.message();
        assert.deepEqual([live.text, live.packet.retain], ['', false]);
        await closeAll(sender, receiver);
    },

    will: async () => {
        const watcher = await connect('w');
        await watcher.subscribe(topic('will'), { qos: 1 });
        const dying = await connect('d', { will: { topic: topic('will'), payload: Buffer.from('gone'), qos: 1, retain: false } });
        dying.drop();
        const message = await watcher.message();
        assert.deepEqual([message.text, message.packet.qos], ['gone', 1]);
        const polite = await connect('p', { will: { topic: topic('will'), payload: Buffer.from('not this'), qos: 1, retain: false } });
        await polite.close();
        await watcher.publish(topic('will'), 'end', { qos: 1 });
        assert.equal((await watcher.message()).text, 'end');
        await watcher.close();
    },

    shared: async () => {
        const [first, second, sender] = [await connect('m1'), await connect('m2'), await connect('s')];
        for (const member of [first, second]) {
            await member.subscribe(`$share/group/${topic('job')}`, { qos: 1 });
            await member.subscribe(topic('end'), { qos: 1 });
        }
        for (let i = 0; i < 20; i++) await sender.publish(topic('job'), String(i), { qos: 1 });
        await sender.publish(topic('end'), 'end', { qos: 1 });
        const received = [];
        for (const member of [first, second]) {
            for (let m = await member.message(); m.text !== 'end'; m = await member.message()) received.push(Number(m.text));
        }
        assert.deepEqual(received.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
        await closeAll(first, second, sender);
    },

    resume: async () => {
        const session = { clean: false, ...(v5 && { properties: { sessionExpiryInterval: 60 } }) };
        const sender = await connect('s');
        let durable = await connect('d', session);
        await durable.subscribe(topic('q'), { qos: 2 });
        await durable.close();
        for (let i = 0; i < 10; i++) await sender.publish(topic('q'), String(i), { qos: 1 + (i % 2) });
        durable = await connect('d', session);
        if (version !== 3) assert.equal(durable.connack.sessionPresent, true);
        // MQTT.js hands out a QoS 2 message when it is released, so order can be seen per QoS only.
        const received = [];
        for (let i = 0; i < 10; i++) received.push(await durable.message());
        for (const qos of [1, 2]) {
            const texts = received.filter((m) => m.packet.qos === qos).map((m) => Number(m.text));
            assert.deepEqual(texts, [0, 2, 4, 6, 8].map((i) => i + qos - 1));
        }
        await closeAll(durable, sender);
    },

    'take-over': async () => {
        const first = await connect('same');
        const closed = once(first.mqtt, 'close', { signal: AbortSignal.timeout(guard) });
        const second = await connect('same');
        await closed;
        await second.subscribe(topic('a'), { qos: 1 });
        await second.publish(topic('a'), 'alive', { qos: 1 });
        assert.equal((await second.message()).text, 'alive');
        await second.close();
    },

    'user-properties': async () => {
        const [receiver, sender] = [await connect('r'), await connect('s')];
        await receiver.subscribe(topic('a'), { qos: 1 });
        const properties = {
            userProperties: { b: ['1', '3'], a: '2' }, contentType: 'text/plain', responseTopic: topic('answer'),
            correlationData: Buffer.from([0, 1]), payloadFormatIndicator: true,
        };
        await sender.publish(topic('a'), 'x', { qos: 1, properties });
        const got = (await receiver.message()).packet.properties;
        assert.deepEqual({ ...got.userProperties }, properties.userProperties);
        for (const key of ['contentType', 'responseTopic', 'correlationData', 'payloadFormatIndicator']) assert.deepEqual(got[key], properties[key]);
        await closeAll(receiver, sender);
    },

    // Aliases in both directions: the client assigns its own, and allows the broker to.
    'topic-alias': async () => {
        const sender = await connect('s', { autoAssignTopicAlias: true });
        const receiver = await connect('r', { properties: { topicAliasMaximum: 10 } });
        assert.ok(sender.connack.properties.topicAliasMaximum >= 2);
        await receiver.subscribe(topic('#'), { qos: 1 });
        const order = ['one', 'two', 'one', 'two', 'three', 'one'];
        for (const suffix of order) await sender.publish(topic(suffix), suffix, { qos: 1 });
        for (const suffix of order) {
            const message = await receiver.message();
            assert.deepEqual([message.topic, message.text], [topic(suffix), suffix]);
        }
        await closeAll(receiver, sender);
    },

    expiry: async () => {
        const [receiver, sender] = [await connect('r'), await connect('s')];
        await receiver.subscribe(topic('a'), { qos: 1 });
        await sender.publish(topic('a'), 'x', { qos: 1, properties: { messageExpiryInterval: 1000 } });
        const left = (await receiver.message()).packet.properties.messageExpiryInterval;
        assert.ok(left >= 995 && left <= 1000, String(left));
        await closeAll(receiver, sender);
    },

    'subscribe-options': async () => {
        const [client, sender] = [await connect('c'), await connect('s')];
        await client.subscribe(topic('local'), { qos: 1, nl: true });
        await client.subscribe(topic('retained'), { qos: 1, rap: true, properties: { subscriptionIdentifier: 268435455 } });
        await client.publish(topic('local'), 'own', { qos: 1 });
        await sender.publish(topic('local'), 'other', { qos: 1 });
        assert.equal((await client.message()).text, 'other');
        await sender.publish(topic('retained'), 'x', { qos: 1, retain: true });
        const { packet } = await client.message();
        assert.deepEqual([packet.retain, packet.properties.subscriptionIdentifier], [true, 268435455]);
        await client.subscribe(topic('retained'), { qos: 1, rh: 2 });
        await sender.publish(topic('local'), 'end', { qos: 1 });
        assert.equal((await client.message()).text, 'end');
        await closeAll(client, sender);
    },
};

// The guard of the whole: a scenario that hangs ends the process rather than the patience of the test.
setTimeout(() => {
    console.error('hangs');
    process.exit(3);
}, 25_000).unref();

scenarios[scenarioName]().then(
    () => {
        console.log('ok');
        process.exit(0);
    },
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
