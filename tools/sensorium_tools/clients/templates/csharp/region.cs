
    internal sealed class Region
    {
        public readonly string Name;
        public IntPtr Base, Waiters; // the waiters' page comes over control; without it waiting naps
        public long Size;
        public ulong Generation, StartedNs;
        public Status Status = Status.Closed;
        public bool Wanted, Writable, ForeignClock;
        private readonly List<IDisposable> held = new List<IDisposable>();
        private bool sections, pageIsSection;
        private IntPtr seatEvent;
        private int seat;
        private long offsetNs;
        private ulong heartbeatNs, seenNs;

        public Region(string name)
        {
            Name = name;
            Wanted = name == "public";
            Writable = name == "app";
        }

        public bool Mapped { get { return Base != IntPtr.Zero; } }

        public void Map(string path)
        {
            Unmap();
            long size;
            Base = MapFile(path, Writable, out size);
            Size = size;
        }

        public void MapPage(string path)
        {
            try
            {
                long size;
                IntPtr page = MapFile(path, true, out size);
                if (size >= Layout.WaitersSize) Waiters = page;
            }
            catch (IOException) { Waiters = IntPtr.Zero; }
            catch (UnauthorizedAccessException) { Waiters = IntPtr.Zero; }
        }

        public bool MapSections(IntPtr region, IntPtr waiters, long size)
        {
            Unmap();
            sections = true;
            Base = Native.MapViewOfFile(region, Writable ? 6u : 4u, 0, 0, new UIntPtr((ulong)size));
            Size = Mapped ? size : 0;
            Native.CloseHandle(region);
            if (Mapped) MapPageSection(waiters);
            else Native.CloseHandle(waiters);
            return Mapped;
        }

        public void MapPageSection(IntPtr waiters)
        {
            pageIsSection = true;
            Waiters = Native.MapViewOfFile(waiters, 6, 0, 0, new UIntPtr(Layout.WaitersSize));
            Native.CloseHandle(waiters);
        }

        /// Windows has no futex across processes: each sleeper of a region takes a seat there, an event of its
        /// own that resets itself, and leaves a lease in the seat's word of the waiters' page. The system gives a
        /// name to the first who asks. Zero: every seat is taken. Called natively: Unity's IL2CPP has no named events.
        public IntPtr Lease(ulong untilNs)
        {
            for (int i = 0; seatEvent == IntPtr.Zero && i < Layout.Seats; i++)
            {
                IntPtr made = Native.CreateEventW(IntPtr.Zero, false, false, SeatName(i));
                bool isNew = Marshal.GetLastWin32Error() != 183; // ERROR_ALREADY_EXISTS
                if (made == IntPtr.Zero) continue;
                if (isNew)
                {
                    seatEvent = made;
                    seat = i;
                }
                else Native.CloseHandle(made);
            }
            if (seatEvent != IntPtr.Zero) Native.Store(Native.Plus(Waiters, 8 * (Layout.FirstSeat + seat)), untilNs);
            return seatEvent;
        }

        /// Wakes who sleeps in the region.
        public void WakeSeats(ulong nowNs)
        {
            for (int i = 0; i < Layout.Seats; i++)
            {
                if (Native.Load(Native.Plus(Waiters, 8 * (Layout.FirstSeat + i))) <= nowNs) continue;
                IntPtr other = Native.OpenEventW(2, false, SeatName(i)); // EVENT_MODIFY_STATE
                if (other == IntPtr.Zero) continue;
                Native.SetEvent(other);
                Native.CloseHandle(other);
            }
        }

        private string SeatName(int number)
        {
            return "Local\\sensorium-" + StartedNs.ToString("x16") + "-" + Generation.ToString("x16") + "-" + Name + "-"
                + number;
        }

        private IntPtr MapFile(string path, bool writable, out long size)
        {
            var stream = new FileStream(path, FileMode.Open, writable ? FileAccess.ReadWrite : FileAccess.Read,
                                        FileShare.ReadWrite | FileShare.Delete);
            held.Add(stream);
            size = stream.Length;
            var access = writable ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
            var file = MemoryMappedFile.CreateFromFile(stream, null, 0, access, HandleInheritability.None, true);
            held.Add(file);
            var view = file.CreateViewAccessor(0, 0, access);
            held.Add(view);
            return view.SafeMemoryMappedViewHandle.DangerousGetHandle();
        }

        /// Checks the header; gives what is wrong, or null.
        public string Check()
        {
            string fault = null;
            Status = Status.Bad;
            if (Size < Layout.HeaderSize || Native.Load(Base) != Layout.Magic)
                fault = "the region has another magic: not Sensorium's";
            else if (U32(Layout.HeaderLayoutMajor) != Layout.Major)
            {
                fault = "the daemon's layout is " + U32(Layout.HeaderLayoutMajor) + "." + U32(Layout.HeaderLayoutMinor)
                    + ", this client's is " + Layout.Major + "." + Layout.Minor;
                Status = Status.Version;
            }
            else
            {
                ulong size = U64(Layout.HeaderSizeField), table = U32(Layout.HeaderTable);
                ulong entries = U32(Layout.HeaderEntries), stride = U32(Layout.HeaderEntryStride);
                if (size > (ulong)Size || table % 8 != 0 || stride % 8 != 0 || stride < Layout.EntrySize || table > size
                    || entries * stride > size - table)
                    fault = "the region's table does not fit its size";
            }
            if (fault != null)
            {
                Status why = Status;
                Unmap();
                Status = why;
                return fault;
            }
            Generation = U64(Layout.HeaderGeneration);
            StartedNs = U64(Layout.HeaderStartedNs);
            ForeignClock = U32(Layout.HeaderClockId) != Clock.Id;
            offsetNs = 0;
            heartbeatNs = 0;
            Status = Status.Ok;
            return null;
        }

        public uint U32(long at) { return unchecked((uint)Marshal.ReadInt32(Native.Plus(Base, at))); }

        public ulong U64(long at) { return Native.Load(Native.Plus(Base, at)); }

        public Status State()
        {
            ulong state = U64(Layout.HeaderState);
            if (state == (ulong)RegionState.Live) return Status.Ok;
            return state == (ulong)RegionState.Revoked ? Status.Denied : Status.Closed;
        }

        /// Our time in the daemon's clock: each new heartbeat bounds ours - theirs; the smallest
        /// bound stands and may grow by 500 ppm, so that it follows clocks that drift.
        public ulong TheirNow(ulong heartbeat, ulong nowNs)
        {
            if (!ForeignClock) return nowNs;
            if (heartbeat != heartbeatNs)
            {
                long seen = unchecked((long)(nowNs - heartbeat)), drift = unchecked((long)(nowNs - seenNs)) / 2000;
                offsetNs = heartbeatNs == 0 || seen < offsetNs + drift ? seen : offsetNs + drift;
                heartbeatNs = heartbeat;
                seenNs = nowNs;
            }
            return unchecked(nowNs - (ulong)offsetNs);
        }

        /// Watches two heartbeats so that the first estimate is good to about a millisecond.
        public void Settle()
        {
            if (!Mapped || !ForeignClock) return;
            ulong start = Clock.NowNs(), now = start, first = U64(Layout.HeaderHeartbeatNs);
            TheirNow(first, start);
            while (U64(Layout.HeaderHeartbeatNs) == first && now - start < 600000000UL)
            {
                Thread.Sleep(1);
                now = Clock.NowNs();
            }
            TheirNow(U64(Layout.HeaderHeartbeatNs), now);
        }

        public void Unmap()
        {
            if (sections)
            {
                if (Base != IntPtr.Zero) Native.UnmapViewOfFile(Base);
            }
            if (pageIsSection && Waiters != IntPtr.Zero) Native.UnmapViewOfFile(Waiters);
            for (int i = held.Count - 1; i >= 0; i--) held[i].Dispose();
            held.Clear();
            sections = pageIsSection = false;
            if (seatEvent != IntPtr.Zero) Native.CloseHandle(seatEvent);
            seatEvent = IntPtr.Zero;
            Base = Waiters = IntPtr.Zero;
            Size = 0;
            Status = Status.Closed;
        }
    }
