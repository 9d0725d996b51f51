
    /// <summary>What goes with the last record of a channel. Times are in the daemon's clock.</summary>
    public sealed class Info
    {
        /// <summary>Number of the record, from 1; 0: none was read yet.</summary>
        public ulong N;
        /// <summary>When the world was so, when the record was written, and how long ago that is.</summary>
        public ulong CaptureNs, PublishNs, AgeNs;
        /// <summary>False: see Reason.</summary>
        public bool Valid;
        /// <summary>Of an INVALID or STALE answer.</summary>
        public Reason Reason;
        /// <summary>0..1; NaN: the source gives none.</summary>
        public float Confidence;
        /// <summary>The arithmetic and the place that the result was computed with.</summary>
        public Precision Precision;
        /// <summary>Where it was computed.</summary>
        public Device Device;
        /// <summary>Bit 0: something did not fit; owner's epoch; first bytes of the engine's sha256; record bytes.</summary>
        public uint Flags, Epoch, EngineHash, Length;
        /// <summary>The daemon has another clock, so AgeNs is an estimate.</summary>
        public bool ForeignClock;
        /// <summary>Name of the engine's card; empty for none.</summary>
        public readonly Text Engine = new Text(40);

        internal void Decode(byte[] slot, ulong n)
        {
            N = n;
            CaptureNs = BitConverter.ToUInt64(slot, Layout.SlotCaptureNs);
            PublishNs = BitConverter.ToUInt64(slot, Layout.SlotPublishNs);
            Length = BitConverter.ToUInt32(slot, Layout.SlotLength);
            Valid = BitConverter.ToUInt16(slot, Layout.SlotValid) == 1;
            Reason = (Reason)BitConverter.ToUInt16(slot, Layout.SlotReason);
            Confidence = BitConverter.ToSingle(slot, Layout.SlotConfidence);
            Precision = (Precision)slot[Layout.SlotPrecision];
            Device = (Device)slot[Layout.SlotDevice];
            Flags = BitConverter.ToUInt16(slot, Layout.SlotFlags);
            Epoch = BitConverter.ToUInt32(slot, Layout.SlotEpoch);
            EngineHash = BitConverter.ToUInt32(slot, Layout.SlotEngineHash);
            Engine.Decode(slot, Layout.SlotEngine);
        }

        internal void Clear(Reason reason)
        {
            N = CaptureNs = PublishNs = AgeNs = 0;
            Valid = false;
            Confidence = float.NaN;
            Precision = Precision.None;
            Device = Device.None;
            Flags = Epoch = EngineHash = Length = 0;
            Engine.Set("");
            Reason = reason;
        }
    }

    /// <summary>One channel as one thread sees it, whatever record it carries.</summary>
    public abstract class Channel
    {
        private const int Tries = 4;
        internal const ulong DaemonMaxAgeNs = 1000000000UL;

        /// <summary>As in the catalogue.</summary>
        public readonly string Name;
        /// <summary>What goes with the last record.</summary>
        public readonly Info Info = new Info();
        /// <summary>Records that were overwritten before Next came to them.</summary>
        public ulong Lost { get; private set; }
        /// <summary>Times that a new generation took the ring's place.</summary>
        public ulong Resets { get; private set; }
        /// <summary>Ok, or why the channel is out of reach.</summary>
        public Status Status { get; private set; }
        /// <summary>STALE when published longer ago; 0: never too old.</summary>
        public ulong MaxAgeNs { get; private set; }

        internal readonly Region Region;
        internal IntPtr Latest;
        internal ulong Index;
        private readonly Session session;
        private readonly Record value;
        private readonly byte[] buffer, zeros;
        private readonly bool known;
        private IntPtr regionBase, ring, heartbeat, regionState, entryState, entryReason, entryEpoch, entryHeartbeat;
        private bool reachable, follows;
        private uint binding, theirId, theirMajor, theirMinor, theirSize;
        private ulong slots, n, cursor = 1, generation, startedNs;
        private long stride;

        internal Channel(Session session, string name, Record value)
        {
            this.session = session;
            this.value = value;
            Name = name;
            Catalogue channel;
            known = Catalogue.All.TryGetValue(name, out channel) && channel.RecordId == value.RecordId;
            Region = session.Find(channel != null ? channel.Region : "public");
            follows = channel != null && channel.IsEvent;
            buffer = new byte[Layout.SlotRecord + value.RecordSize];
            zeros = new byte[value.RecordSize];
            Status = Rebind();
        }

        internal ulong Seen { get { return follows ? cursor - 1 : n; } }

        internal bool Reachable { get { return Gone() == Status.Ok; } }

        internal bool HasNew { get { return Native.Load(Latest) != Seen; } }

        /// <summary>Why the channel is out of reach, in one sentence; empty when it is not.</summary>
        public string Explain()
        {
            if (Status == Status.Ok) return "";
            if (Status == Status.Version && Region.Mapped)
                return "channel " + Name + " carries record " + theirId + " " + theirMajor + "." + theirMinor + " of "
                    + theirSize + " bytes, this client knows record " + value.RecordId + " " + value.RecordMajor + " of "
                    + value.RecordSize + " bytes";
            if (Status == Status.Bad)
                return "channel " + Name + " is not in the daemon's table, carries another record, or does not fit";
            return session.Message;
        }

        /// <summary>
        /// Reads the newest record, with at most four tries; then the last value stands. Value changes only when
        /// there is a record that was not returned before (NEW, or a first STALE or INVALID).
        /// </summary>
        public Status Read(ulong nowNs)
        {
            Status gone = Gone();
            if (gone != Status.Ok) return gone;
            follows = false;
            for (int i = 0; i < Tries; i++)
            {
                ulong newest = Native.Load(Latest);
                if (newest == 0) return NeverWritten();
                if (newest == n) break;
                if (Copy(newest))
                {
                    n = newest;
                    return ValidOr(Judge(Status.New, nowNs));
                }
            }
            return n == 0 ? NeverWritten() : ValidOr(Judge(Status.Same, nowNs));
        }

        /// <summary>Takes the next record in order: NEW or INVALID with one, SAME or STALE without.</summary>
        public Status Next(ulong nowNs)
        {
            Status gone = Gone();
            if (gone != Status.Ok) return gone;
            follows = true;
            for (int i = 0; i < Tries; i++)
            {
                ulong newest = Native.Load(Latest);
                if (cursor > newest) break;
                if (newest - cursor >= slots - 1)
                {
                    Lost += newest - slots + 2 - cursor;
                    cursor = newest - slots + 2;
                }
                if (Copy(cursor))
                {
                    cursor++;
                    Judge(Status.New, nowNs);
                    return Info.Valid ? Status.New : Status.Invalid;
                }
                if (Native.Load(Latest) == newest) // a broken slot: never stand still
                {
                    Lost++;
                    cursor++;
                }
            }
            if (Info.N == 0 && Native.Load(Latest) == 0) return NeverWritten();
            return Judge(Status.Same, nowNs);
        }

        /// <summary>Next starts behind the newest record, as it does at first.</summary>
        public void SeekNewest()
        {
            if (Gone() == Status.Ok) cursor = Native.Load(Latest) + 1;
            follows = true;
        }

        /// <summary>Next starts at the oldest record that can still be read.</summary>
        public void SeekOldest()
        {
            follows = true;
            if (Gone() != Status.Ok) return;
            ulong newest = Native.Load(Latest);
            cursor = newest + 2 > slots ? Math.Max(1, newest + 2 - slots) : 1;
        }

        /// <summary>Publishes Value on a channel that the app owns (scene, frame_timing).</summary>
        public Status Write(ulong captureNs, ulong nowNs)
        {
            Status gone = Gone();
            if (gone != Status.Ok) return gone;
            if (!Region.Writable || value.RecordSize > stride - Layout.SlotRecord) return Status.Bad;
            ulong next = Native.Load(Latest) + 1;
            IntPtr slot = Native.Plus(ring, (long)(next % slots) * stride);
            Array.Clear(buffer, 0, Layout.SlotRecord);
            Bytes.Put(buffer, Layout.SlotCaptureNs, captureNs);
            Bytes.Put(buffer, Layout.SlotPublishNs, nowNs);
            Bytes.Put(buffer, Layout.SlotLength, (uint)value.RecordSize);
            Bytes.Put(buffer, Layout.SlotValid, (ushort)1);
            Bytes.Put(buffer, Layout.SlotConfidence, float.NaN);
            Bytes.Put(buffer, Layout.SlotEpoch, unchecked((uint)Native.Load(entryEpoch)));
            value.Encode(buffer, Layout.SlotRecord);
            Native.Store(slot, 2 * next - 1);
            Thread.MemoryBarrier();
            Marshal.Copy(buffer, 8, Native.Plus(slot, 8), buffer.Length - 8);
            Thread.MemoryBarrier();
            Native.Store(slot, 2 * next);
            Thread.MemoryBarrier();
            Native.Store(Latest, next);
            Native.Store(entryHeartbeat, nowNs);
            Thread.MemoryBarrier(); // the record is out before the lease is looked at
            if (Clock.IsLinux && Region.Waiters != IntPtr.Zero
                && Native.Load(Native.Plus(Region.Waiters, 8 * (long)Index)) > nowNs)
            {
                var none = new Native.Timespec();
                Native.syscall(Native.Futex, Latest, 1, int.MaxValue, ref none, IntPtr.Zero, 0);
            }
            return Status.Ok;
        }

        internal Status Gone()
        {
            if (binding != session.Binding) Status = Rebind();
            if (!reachable) return Status;
            return Native.Load(regionState) == (ulong)RegionState.Live ? Status.Ok : Region.State();
        }

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
            Index = Region.U64(entry + Layout.EntryIndex) % (Layout.WaitersSize / 8);
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

        private bool Copy(ulong number)
        {
            IntPtr slot = Native.Plus(ring, (long)(number % slots) * stride);
            if (Native.Load(slot) != 2 * number) return false;
            Thread.MemoryBarrier();
            Marshal.Copy(slot, buffer, 0, buffer.Length);
            Thread.MemoryBarrier();
            if (Native.Load(slot) != 2 * number) return false;
            Info.Decode(buffer, number);
            if (Info.Length < value.RecordSize)
                Buffer.BlockCopy(zeros, 0, buffer, Layout.SlotRecord + (int)Info.Length, value.RecordSize - (int)Info.Length);
            value.Decode(buffer, Layout.SlotRecord);
            return true;
        }

        private Status NeverWritten()
        {
            ulong reason = Native.Load(entryReason);
            Info.Clear(reason == 0 ? Reason.Starting : (Reason)reason);
            return Status.Invalid;
        }

        private Status Judge(Status fresh, ulong nowNs)
        {
            ulong beat = Native.Load(heartbeat), now = Region.TheirNow(beat, nowNs), owner = Native.Load(entryState);
            Info.ForeignClock = Region.ForeignClock;
            Info.AgeNs = now > Info.PublishNs ? now - Info.PublishNs : 0;
            if (owner == (ulong)OwnerState.Lost || owner == (ulong)OwnerState.Stopped
                || (now > beat && now - beat > DaemonMaxAgeNs))
            {
                ulong reason = Native.Load(entryReason);
                if (reason != 0) Info.Reason = (Reason)reason;
                return Status.Stale;
            }
            return Info.N != 0 && MaxAgeNs != 0 && Info.AgeNs > MaxAgeNs ? Status.Stale : fresh;
        }

        private Status ValidOr(Status status)
        {
            return Info.Valid || status == Status.Stale ? status : Status.Invalid;
        }
    }

    /// <summary>One channel that carries T.</summary>
    public sealed class Channel<T> : Channel where T : Record, new()
    {
        /// <summary>The last record that was read, or the one to write. Always the same object.</summary>
        public readonly T Value;

        internal Channel(Session session, string name) : this(session, name, new T()) { }

        private Channel(Session session, string name, T value) : base(session, name, value) { Value = value; }
    }
