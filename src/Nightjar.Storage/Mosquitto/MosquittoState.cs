namespace Nightjar.Storage.Mosquitto;

/// <summary>How far a message came, by Mosquitto's numbers, which have been the same in all its formats.</summary>
internal enum MosquittoState : byte
{
    Invalid = 0,
    PublishQoS0 = 1,
    PublishQoS1 = 2,
    AwaitingPubAck = 3,
    PublishQoS2 = 4,
    AwaitingPubRec = 5,
    SendPubRelAgain = 6,
    AwaitingPubRel = 7,
    SendPubCompAgain = 8,
    AwaitingPubComp = 9,
    SendPubRec = 10,
    Queued = 11,
}
