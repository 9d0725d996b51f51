
    public abstract partial class Channel
    {
        private Status Rebind()
        {
            binding = session.Binding;
            reachable = false;
            if (!known) return Status.Bad;
            if (!Region.Mapped) return Region.Status;
            long entry = Region.U32(Layout.HeaderTable);
            uint entries = Region.U32(Layout.HeaderEntries), entryStride = Region.U32(Layout.HeaderEntryStride), i;
            ulong size = Region.U64(Layout.HeaderSizeField);
            for (i = 0; i < entries && !IsNamed(entry); i++) entry += entryStride;
            if (i == entries) return Status.Bad;
            theirId = Region.U32(entry + Layout.EntryRecordId);
            theirMajor = Region.U32(entry + Layout.EntryRecordMajor) & 0xffff;
            theirMinor = Region.U32(entry + Layout.EntryRecordMajor) >> 16;
            theirSize = Region.U32(entry + Layout.EntryRecordSize);
            slots = Region.U32(entry + Layout.EntrySlots);
            stride = Region.U32(entry + Layout.EntryStride);
            ulong offset = Region.U64(entry + Layout.EntryOffset);
            if (slots < 2 || stride % 8 != 0 || offset % 8 != 0 || offset > size
                || stride < (long)Layout.SlotRecord + theirSize || slots > (size - offset) / (ulong)stride)
                return Status.Bad;
            if (theirId != value.RecordId || theirMajor != value.RecordMajor || theirSize < value.RecordSize)
                return Status.Version;
            MaxAgeNs = Region.U64(entry + Layout.EntryMaxAgeNs);
            Index = Region.U64(entry + Layout.EntryIndex) % Layout.FirstSeat;
            regionBase = Region.Base;
            ring = Native.Plus(regionBase, (long)offset);
            heartbeat = Native.Plus(regionBase, Layout.HeaderHeartbeatNs);
            regionState = Native.Plus(regionBase, Layout.HeaderState);
            Latest = Native.Plus(regionBase, entry + Layout.EntryLatest);
            entryState = Native.Plus(regionBase, entry + Layout.EntryState);
            entryReason = Native.Plus(regionBase, entry + Layout.EntryReason);
            entryEpoch = Native.Plus(regionBase, entry + Layout.EntryEpoch);
            entryHeartbeat = Native.Plus(regionBase, entry + Layout.EntryOwnerHeartbeatNs);
            if (generation != Region.Generation || startedNs != Region.StartedNs)
            {
                if (generation != 0) Resets++;
                // A new ring after a reconnect is followed from its first record on.
                cursor = generation != 0 ? 1 : Native.Load(Latest) + 1;
                n = 0;
                generation = Region.Generation;
                startedNs = Region.StartedNs;
            }
            reachable = true;
            return Status.Ok;
        }

        private bool IsNamed(long entry)
        {
            for (int i = 0; i < Layout.NameBytes; i++)
            {
                byte letter = Marshal.ReadByte(Native.Plus(Region.Base, entry + i));
                if (letter != (i < Name.Length ? Name[i] : 0)) return false;
                if (letter == 0) return true;
            }
            return false;
        }
    }
