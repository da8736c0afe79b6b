"""Runs one scenario of the end-to-end tests with Eclipse Paho for Python 1.6.

    check.py PORT VERSION SCENARIO      VERSION: 3.1, 3.1.1 or 5

Ends with 0 and prints "ok" when the broker at 127.0.0.1:PORT behaved; otherwise the assertion that failed is on stderr.
"""

import queue
import sys
import threading
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

GUARD = 15  # seconds that anything waited for may take
VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}

PORT = int(sys.argv[1])
VERSION = VERSIONS[sys.argv[2]]
V5 = VERSION == mqtt.MQTTv5
NAME = uuid.uuid4().hex[:12]  # prefix of topics and client ids, so that runs keep apart


def properties(packet, **values):
    result = Properties(packet)
    for key, value in values.items():
        setattr(result, key, value)
    return result


class Client:
    """A connected client whose events can be waited for."""

    def __init__(self, name="", clean=True, expiry=None, will=None, connect=True):
        arguments = {} if V5 else {"clean_session": clean}
        self.messages = queue.Queue()
        self.events = queue.Queue()
        self.flags = None
        self.connack = None
        self.reason = None
        self.clean = clean
        self.expiry = expiry
        self.mqtt = mqtt.Client(client_id=NAME + name, protocol=VERSION, **arguments)
        self.mqtt.on_message = lambda c, u, message: self.messages.put(message)
        self.mqtt.on_publish = lambda c, u, mid: self.events.put(("published", mid))
        self.mqtt.on_disconnect = lambda *a: self.events.put(("disconnected", a[2]))
        if V5:
            self.mqtt.on_connect = lambda c, u, flags, code, props: self._connected(flags, code, props)
            self.mqtt.on_subscribe = lambda c, u, mid, codes, props: self.events.put(("subscribed", mid, [x.value for x in codes]))
            self.mqtt.on_unsubscribe = lambda c, u, mid, props, codes: self.events.put(("unsubscribed", mid))
        else:
            self.mqtt.on_connect = lambda c, u, flags, code: self._connected(flags, code, None)
            self.mqtt.on_subscribe = lambda c, u, mid, codes: self.events.put(("subscribed", mid, list(codes)))
            self.mqtt.on_unsubscribe = lambda c, u, mid: self.events.put(("unsubscribed", mid))
        if will:
            self.mqtt.will_set(**will)
        if connect:
            self.connect()

    def _connected(self, flags, code, props):
        self.flags, self.reason, self.connack = flags, code, props
        self.events.put(("connected",))

    def connect(self):
        arguments = {}
        if V5:
            arguments["clean_start"] = self.clean
            if self.expiry is not None:
                arguments["properties"] = properties(PacketTypes.CONNECT, SessionExpiryInterval=self.expiry)
        self.mqtt.connect("127.0.0.1", PORT, keepalive=60, **arguments)
        self.mqtt.loop_start()
        self.wait("connected")
        assert self.reason == 0, f"CONNACK {self.reason}"
        return self

    def wait(self, kind, mid=None):
        while True:
            event = self.events.get(timeout=GUARD)
            if event[0] == kind and (mid is None or event[1] == mid):
                return event

    def subscribe(self, topic, qos=0, expected=None, **options):
        if V5:
            _, mid = self.mqtt.subscribe(topic, options=SubscribeOptions(qos=qos, **options))
        else:
            _, mid = self.mqtt.subscribe(topic, qos)
        codes = self.wait("subscribed", mid)[2]
        assert codes == [qos if expected is None else expected], codes

    def unsubscribe(self, topic):
        _, mid = self.mqtt.unsubscribe(topic)
        self.wait("unsubscribed", mid)

    def publish(self, topic, payload, qos=0, retain=False, **values):
        arguments = {"properties": properties(PacketTypes.PUBLISH, **values)} if values else {}
        info = self.mqtt.publish(topic, payload, qos, retain, **arguments)
        self.wait("published", info.mid)

    def message(self):
        return self.messages.get(timeout=GUARD)

    def drop(self):
        """Closes the connection without DISCONNECT."""
        self.mqtt.loop_stop()
        self.mqtt.socket().close()

    def close(self):
        self.mqtt.disconnect()
        self.wait("disconnected")
        self.mqtt.loop_stop()


def topic(name):
    return f"{NAME}/{name}"


def connect():
    client = Client()
    assert client.flags["session present"] == 0
    client.close()


def publish_at(qos):
    receiver, sender = Client("r"), Client("s")
    receiver.subscribe(topic("+"), qos)
    for i in range(50):
        sender.publish(topic("a"), f"message {i}", qos)
    for i in range(50):
        message = receiver.message()
        assert (message.topic, message.payload.decode(), message.qos, message.retain) == (topic("a"), f"message {i}", qos, 0)
    receiver.unsubscribe(topic("+"))
    sender.publish(topic("a"), "nobody hears this", qos)
    receiver.subscribe(topic("b"), qos)
    sender.publish(topic("b"), "end", qos)
    assert receiver.message().payload == b"end"
    receiver.close()
    sender.close()


def large():
    receiver, sender = Client("r"), Client("s")
    receiver.subscribe(topic("a"), 1)
    payload = bytes(range(256)) * 4000
    sender.publish(topic("a"), payload, 1)
    assert receiver.message().payload == payload
    receiver.close()
    sender.close()


def retained():
    sender, receiver = Client("s"), Client("r")
    sender.publish(topic("kept"), "old", 1, True)
    sender.publish(topic("kept"), "new", 1, True)
    sender.publish(topic("cleared"), "x", 1, True)
    sender.publish(topic("cleared"), b"", 1, True)
    receiver.subscribe(topic("#"), 1)
    message = receiver.message()
    assert (message.topic, message.payload, message.retain) == (topic("kept"), b"new", 1)
    sender.publish(topic("kept"), "live", 1, True)
    message = receiver.message()
    assert (message.payload, message.retain) == (b"live", 0)
    sender.publish(topic("kept"), b"", 1, True)
    assert receiver.message().payload == b""
    sender.close()
    receiver.close()


def will():
    watcher = Client("w")
    watcher.subscribe(topic("will"), 1)
    dying = Client("d", will={"topic": topic("will"), "payload": "gone", "qos": 1})
    dying.drop()
    message = watcher.message()
    assert (message.payload, message.qos) == (b"gone", 1)
    polite = Client("p", will={"topic": topic("will"), "payload": "not this", "qos": 1})
    polite.close()
    watcher.mqtt.publish(topic("will"), "end", 1)
    assert watcher.message().payload == b"end"
    watcher.close()


def shared():
    members, sender = [Client("m1"), Client("m2")], Client("s")
    for member in members:
        member.subscribe(f"$share/group/{topic('job')}", 1)
        member.subscribe(topic("end"), 1)
    for i in range(20):
        sender.publish(topic("job"), str(i), 1)
    sender.publish(topic("end"), "end", 1)
    received = []
    for member in members:
        while (message := member.message()).topic != topic("end"):
            received.append(int(message.payload))
    assert sorted(received) == list(range(20)), received
    for client in [*members, sender]:
        client.close()


def resume():
    expiry = 60 if V5 else None
    durable, sender = Client("d", clean=False, expiry=expiry), Client("s")
    durable.subscribe(topic("q"), 2)
    durable.close()
    for i in range(10):
        sender.publish(topic("q"), str(i), 1 + i % 2)
    durable = Client("d", clean=False, expiry=expiry)
    if VERSION != mqtt.MQTTv31:
        assert durable.flags["session present"] == 1
    # Paho hands out a QoS 2 message when it is released, so order can be seen per QoS only.
    received = [durable.message() for _ in range(10)]
    for qos in (1, 2):
        payloads = [int(m.payload) for m in received if m.qos == qos]
        assert payloads == list(range(qos - 1, 10, 2)), payloads
    durable.close()
    fresh = Client("d", clean=True, expiry=0 if V5 else None)
    assert fresh.flags["session present"] == 0
    fresh.close()
    sender.close()


def take_over():
    first = Client("same")
    second = Client("same")
    first.wait("disconnected")
    first.mqtt.loop_stop()
    second.subscribe(topic("a"), 1)
    second.publish(topic("a"), "alive", 1)
    assert second.message().payload == b"alive"
    second.close()


def user_properties():
    receiver, sender = Client("r"), Client("s")
    receiver.subscribe(topic("a"), 1)
    pairs = [("b", "1"), ("a", "2"), ("b", "3"), ("ü", "")]
    sender.publish(topic("a"), "x", 1, UserProperty=pairs, ContentType="text/plain", ResponseTopic=topic("answer"),
                   CorrelationData=b"\x00\x01", PayloadFormatIndicator=1)
    got = receiver.message().properties
    assert got.UserProperty == pairs, got
    assert (got.ContentType, got.ResponseTopic, got.CorrelationData, got.PayloadFormatIndicator) == \
        ("text/plain", topic("answer"), b"\x00\x01", 1), got
    receiver.close()
    sender.close()


def topic_alias():
    receiver, sender = Client("r"), Client("s")
    assert sender.connack.TopicAliasMaximum >= 2
    receiver.subscribe(topic("#"), 1)
    sender.publish(topic("one"), "1", 1, TopicAlias=1)
    sender.publish(topic("two"), "2", 1, TopicAlias=2)
    sender.publish("", "3", 1, TopicAlias=1)
    sender.publish("", "4", 0, TopicAlias=2)
    sender.publish(topic("three"), "5", 1, TopicAlias=1)
    sender.publish("", "6", 1, TopicAlias=1)
    received = [receiver.message() for _ in range(6)]
    expected = ["one", "two", "one", "two", "three", "three"]
    assert [m.topic for m in received] == [topic(x) for x in expected], [m.topic for m in received]
    receiver.close()
    sender.close()


def expiry():
    durable, live, sender = Client("d", clean=False, expiry=60), Client("l"), Client("s")
    durable.subscribe(topic("a"), 1)
    durable.close()
    live.subscribe(topic("a"), 1)
    sender.publish(topic("a"), "x", 1, MessageExpiryInterval=1000)
    assert 995 <= live.message().properties.MessageExpiryInterval <= 1000
    durable = Client("d", clean=False, expiry=60)
    assert 900 <= durable.message().properties.MessageExpiryInterval <= 1000
    for client in [durable, live, sender]:
        client.close()


def subscribe_options():
    client, sender = Client("c"), Client("s")
    client.subscribe(topic("local"), 1, noLocal=True)
    client.subscribe(topic("retained"), 1, retainAsPublished=True)
    client.publish(topic("local"), "own", 1)
    sender.publish(topic("local"), "other", 1)
    assert client.message().payload == b"other"
    sender.publish(topic("retained"), "x", 1, True)
    assert client.message().retain == 1
    client.subscribe(topic("retained"), 1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
    client.subscribe(topic("retained"), 1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
    sender.publish(topic("local"), "end", 1)
    assert client.message().payload == b"end"
    client.close()
    sender.close()


def subscription_identifier():
    client = Client("c")
    identifier = properties(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=268435455)
    _, mid = client.mqtt.subscribe(topic("a"), options=SubscribeOptions(qos=1), properties=identifier)
    client.wait("subscribed", mid)
    client.publish(topic("a"), "x", 1)
    assert client.message().properties.SubscriptionIdentifier == [268435455]
    client.close()


SCENARIOS = {
    "connect": connect, "qos0": lambda: publish_at(0), "qos1": lambda: publish_at(1), "qos2": lambda: publish_at(2), "large": large,
    "retained": retained, "will": will, "shared": shared, "resume": resume, "take-over": take_over, "user-properties": user_properties,
    "topic-alias": topic_alias, "expiry": expiry, "subscribe-options": subscribe_options,
    "subscription-identifier": subscription_identifier,
}

# The guard of the whole: a scenario that hangs ends the process rather than the patience of the test.
watchdog = threading.Timer(25, lambda: (print("hangs", file=sys.stderr, flush=True), __import__("os")._exit(3)))
watchdog.daemon = True
watchdog.start()
SCENARIOS[sys.argv[3]]()
print("ok")
