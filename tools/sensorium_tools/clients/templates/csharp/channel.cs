
    /// <summary>One channel as one thread sees it, whatever record it carries.</summary>
    public abstract partial class Channel
    {
        private const int Tries = 4;
        internal const ulong DaemonMaxAgeNs = 1000000000UL;
        private const ulong FutureNs = 1000000000UL; // a record from further ahead is of another clock

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
        private Reason recordReason;
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
                    Info.Reason = recordReason;
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
            if (Region.Waiters == IntPtr.Zero || Native.Load(Native.Plus(Region.Waiters, 8 * (long)Index)) <= nowNs)
                return Status.Ok;
            if (Clock.IsLinux)
            {
                var none = new Native.Timespec();
                Native.syscall(Native.Futex, Latest, 1, int.MaxValue, ref none, IntPtr.Zero, 0);
            }
            else Region.WakeSeats(nowNs);
            return Status.Ok;
        }

        internal Status Gone()
        {
            if (binding != session.Binding) Status = Rebind();
            if (!reachable) return Status;
            return Native.Load(regionState) == (ulong)RegionState.Live ? Status.Ok : Region.State();
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
            recordReason = Info.Reason;
            if (Info.Length < value.RecordSize)
                Buffer.BlockCopy(zeros, 0, buffer, Layout.SlotRecord + (int)Info.Length, value.RecordSize - (int)Info.Length);
            value.Decode(buffer, Layout.SlotRecord);
            return true;
        }

        private Status NeverWritten()
        {
            ulong reason = Native.Load(entryReason);
            recordReason = Reason.None;
            Info.Clear(reason == 0 ? Reason.Starting : (Reason)reason);
            return Status.Invalid;
        }

        private Status Judge(Status fresh, ulong nowNs)
        {
            ulong beat = Native.Load(heartbeat), now = Region.TheirNow(beat, nowNs), owner = Native.Load(entryState);
            Info.ForeignClock = Region.ForeignClock;
            Info.AgeNs = now > Info.PublishNs ? now - Info.PublishNs : 0;
            Info.Reason = recordReason;
            if (owner == (ulong)OwnerState.Lost || owner == (ulong)OwnerState.Stopped || owner == (ulong)OwnerState.Vacant
                || (now > beat && now - beat > DaemonMaxAgeNs))
            {
                ulong reason = Native.Load(entryReason);
                if (reason != 0) Info.Reason = (Reason)reason;
                return Status.Stale;
            }
            if (Info.N == 0) return fresh;
            if (Info.PublishNs > now && Info.PublishNs - now > FutureNs) return Status.Stale;
            return MaxAgeNs != 0 && Info.AgeNs > MaxAgeNs ? Status.Stale : fresh;
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
