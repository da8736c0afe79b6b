using Nightjar.Storage.Sqlite.Log;
using Nightjar.Storage.Sqlite.Records;

namespace Nightjar.Storage.Sqlite.Writing;

/// <summary>Turns a batch into rows, inside a transaction. Blobs are bound where they lie in the log.</summary>
internal static unsafe class BatchRows
{
    /// <summary>Writes everything of a batch.</summary>
    /// <param name="batch">The batch; not changed, so that it can be written again.</param>
    /// <param name="rows">The statements of the open file.</param>
    /// <param name="bytes">Counts bytes of messages.</param>
    /// <returns>Rows written.</returns>
    internal static long Write(WriteBatch batch, RowStatements rows, ref long bytes)
    {
        long count = 0;
        foreach (ref readonly var operation in batch.Operations)
        {
            if (operation.IsOver) continue;
            Write(operation, rows, ref bytes);
            count++;
        }

        count += WriteMessages(batch, rows, ref bytes) + WriteDeliveries(batch, rows);
        foreach (ref readonly var change in batch.Changes)
        {
            if (change.IsOver) continue;
            rows.ChangeDelivery.Bind(1, change.Row);
            rows.ChangeDelivery.Bind(2, default(DeliveryMark).With(change.State, change.PacketId).Value);
            rows.ChangeDelivery.Bind(3, change.Message);
            rows.ChangeDelivery.Run();
            count++;
        }

        foreach (var row in batch.DeletedDeliveries)
        {
            rows.DeleteDelivery.Bind(1, row);
            rows.DeleteDelivery.Run();
        }

        foreach (var row in batch.DeletedMessages)
        {
            rows.DeleteMessage.Bind(1, row);
            rows.DeleteMessage.Run();
        }

        return count + batch.DeletedDeliveries.Length + batch.DeletedMessages.Length;
    }

    private static long WriteMessages(WriteBatch batch, RowStatements rows, ref long bytes)
    {
        long count = 0;
        var row = batch.FirstMessage;
        foreach (ref readonly var message in batch.Messages)
        {
            if (message.Deliveries > 0)
            {
                MessageCodec.Seal(new Span<byte>(message.Body, message.Length));
                rows.InsertMessage.Bind(1, row);
                rows.InsertMessage.Bind(2, message.Body, message.Length);
                rows.InsertMessage.Run();
                bytes += message.Length;
                count++;
            }

            row++;
        }

        return count;
    }

    private static long WriteDeliveries(WriteBatch batch, RowStatements rows)
    {
        long count = 0;
        var row = batch.FirstDelivery;
        foreach (ref readonly var delivery in batch.Deliveries)
        {
            if (!delivery.IsOver)
            {
                var statement = delivery.ExtraLength == 0 ? rows.InsertDelivery : rows.InsertDeliveryWithExtra;
                statement.Bind(1, row);
                statement.Bind(2, delivery.Session);
                statement.Bind(3, delivery.Message < 0 ? 0 : batch.FirstMessage + delivery.Message);
                statement.Bind(4, delivery.Number);
                statement.Bind(5, delivery.Mark.Value);
                statement.Bind(6, delivery.Size);
                if (delivery.ExtraLength > 0) statement.Bind(7, delivery.Extra, delivery.ExtraLength);
                statement.Run();
                count++;
            }

            row++;
        }

        return count;
    }

    private static void Write(in PendingOperation operation, RowStatements rows, ref long bytes)
    {
        var record = operation.Record;
        var extra = RecordHeader.Extra(record);
        switch (record->Kind)
        {
            case RecordKind.Save:
                Save(operation, rows);
                break;
            case RecordKind.Drop:
                foreach (var statement in rows.Drop)
                {
                    statement.Bind(1, record->Session);
                    statement.Run();
                }

                break;
            case RecordKind.AddSubscription:
                rows.AddSubscription.Bind(1, record->Session);
                rows.AddSubscription.Bind(2, extra, record->ExtraLength);
                rows.AddSubscription.Bind(3, record->Flags);
                rows.AddSubscription.Bind(4, record->Value);
                rows.AddSubscription.Run();
                break;
            case RecordKind.RemoveSubscription:
                rows.RemoveSubscription.Bind(1, record->Session);
                rows.RemoveSubscription.Bind(2, extra, record->ExtraLength);
                rows.RemoveSubscription.Run();
                break;
            case RecordKind.AddReceivedId or RecordKind.RemoveReceivedId:
                var received = record->Kind == RecordKind.AddReceivedId ? rows.AddReceivedId : rows.RemoveReceivedId;
                received.Bind(1, record->Session);
                received.Bind(2, record->PacketId);
                received.Run();
                break;
            default:
                WriteMessage(record, rows, ref bytes);
                break;
        }
    }

    private static void WriteMessage(RecordHeader* record, RowStatements rows, ref long bytes)
    {
        bytes += record->BodyLength;
        if (record->BodyLength > 0) MessageCodec.Seal(new Span<byte>(RecordHeader.Body(record), record->BodyLength));
        switch (record->Kind)
        {
            case RecordKind.SetWill:
                rows.SetWill.Bind(1, record->Session);
                rows.SetWill.Bind(2, RecordHeader.Body(record), record->BodyLength);
                rows.SetWill.Bind(3, record->Number);
                if (record->Value < 0) rows.SetWill.BindNull(4);
                else rows.SetWill.Bind(4, record->Value);
                rows.SetWill.Run();
                break;
            case RecordKind.ClearWill:
                rows.ClearWill.Bind(1, record->Session);
                rows.ClearWill.Run();
                break;
            case RecordKind.SetRetained:
                rows.SetRetained.Bind(1, RecordHeader.Extra(record), record->ExtraLength);
                rows.SetRetained.Bind(2, RecordHeader.Body(record), record->BodyLength);
                rows.SetRetained.Run();
                break;
            case RecordKind.ClearRetained:
                rows.ClearRetained.Bind(1, RecordHeader.Extra(record), record->ExtraLength);
                rows.ClearRetained.Run();
                break;
        }
    }

    private static void Save(in PendingOperation operation, RowStatements rows)
    {
        var record = operation.Record;
        var value = RecordHeader.Extra(record);
        rows.Save.Bind(1, record->Session);
        rows.Save.Bind(2, operation.Since);
        for (var part = 0; part < 2; part++)
        {
            var text = SessionValue.Part(value, part, out var length);
            rows.Save.BindText(3 + part, text, length);
        }

        rows.Save.Bind(5, record->Value);
        if (record->Number == SessionValue.Connected) rows.Save.BindNull(6);
        else rows.Save.Bind(6, record->Number);
        var domain = SessionValue.Part(value, 2, out var domainLength);
        rows.Save.BindText(7, domain, domainLength);
        var address = SessionValue.Part(value, 3, out var addressLength);
        if (address is null) rows.Save.BindNull(8);
        else rows.Save.Bind(8, address, addressLength);
        rows.Save.Run();
    }
}
