
    public sealed partial class Session
    {
        /// <summary>Sleeps until one of the channels has a record that was not returned yet: Ok; Same when the time
        /// is over; Closed when one is out of reach. Never inside a frame.</summary>
        public Status Wait(ulong timeoutNs, params Channel[] channels)
        {
            ulong end = Clock.NowNs() + timeoutNs;
            while (true)
            {
                ulong now = Clock.NowNs();
                bool canSleep = true;
                ulong until = now + 2000000000UL;
                foreach (Channel channel in channels)
                {
                    if (!channel.Reachable) return Status.Closed;
                    if (channel.Region.Waiters == IntPtr.Zero || channel.Region.ForeignClock) canSleep = false;
                    else if (!Clock.IsLinux && channel.Region.Lease(until) == IntPtr.Zero) canSleep = false;
                    else Native.Store(Native.Plus(channel.Region.Waiters, 8 * (long)channel.Index), until);
                }
                Thread.MemoryBarrier();
                foreach (Channel channel in channels)
                    if (channel.HasNew) return Status.Ok;
                if (now >= end) return Status.Same;
                ulong nap = Math.Min(end - now, 1000000000UL);
                if (!canSleep || !SleepOn(channels, nap, until)) Thread.Sleep(1);
            }
        }

        private static bool SleepOnEvents(Channel[] channels, ulong napNs, ulong untilNs)
        {
            var events = new List<IntPtr>();
            foreach (Channel channel in channels)
            {
                IntPtr seat = channel.Region.Lease(untilNs);
                if (!events.Contains(seat)) events.Add(seat);
            }
            // A daemon of another logon session cannot reach our event: look again soon.
            uint milliseconds = Math.Min((uint)((napNs + 999999UL) / 1000000UL), 50);
            return Native.WaitForMultipleObjects((uint)events.Count, events.ToArray(), false, milliseconds) != 0xffffffff;
        }

        private static bool SleepOn(Channel[] channels, ulong napNs, ulong untilNs)
        {
            if (!Clock.IsLinux) return SleepOnEvents(channels, napNs, untilNs);
            var time = new Native.Timespec { Seconds = (long)(napNs / 1000000000UL), Nanoseconds = (long)(napNs % 1000000000UL) };
            if (channels.Length == 1)
            {
                Native.syscall(Native.Futex, channels[0].Latest, 0, (long)(channels[0].Seen & 0xffffffffUL), ref time,
                               IntPtr.Zero, 0);
                return true;
            }
            ulong end = Clock.NowNs() + napNs;
            time.Seconds = (long)(end / 1000000000UL);
            time.Nanoseconds = (long)(end % 1000000000UL);
            IntPtr words = Marshal.AllocHGlobal(24 * channels.Length);
            try
            {
                for (int i = 0; i < channels.Length; i++)
                {
                    Marshal.WriteInt64(words, 24 * i, (long)(channels[i].Seen & 0xffffffffUL));
                    Marshal.WriteIntPtr(words, 24 * i + 8, channels[i].Latest);
                    Marshal.WriteInt64(words, 24 * i + 16, 2); // FUTEX2_SIZE_U32
                }
                long done = Native.futex_waitv(Native.FutexWaitv, words, channels.Length, 0, ref time, 1);
                return done >= 0 || Marshal.GetLastWin32Error() != 38; // ENOSYS: before Linux 5.16
            }
            finally
            {
                Marshal.FreeHGlobal(words);
            }
        }
    }
