
    /// <summary>The clock that every process on the PC shares.</summary>
    public static class Clock
    {
        internal const uint Monotonic = 1, Qpc = 2;
        internal static readonly bool IsLinux = RuntimeInformation.IsOSPlatform(OSPlatform.Linux);
        internal static readonly uint Id = IsLinux ? Monotonic : Qpc;
        private static readonly ulong Hertz = (ulong)Stopwatch.Frequency;

        /// <summary>Monotonic time in ns: CLOCK_MONOTONIC, or QueryPerformanceCounter.</summary>
        public static ulong NowNs()
        {
            if (IsLinux)
            {
                Native.Timespec now;
                Native.clock_gettime(1, out now);
                return (ulong)now.Seconds * 1000000000UL + (ulong)now.Nanoseconds;
            }
            ulong ticks = (ulong)Stopwatch.GetTimestamp();
            return ticks / Hertz * 1000000000UL + ticks % Hertz * 1000000000UL / Hertz;
        }
    }

    internal static class Native
    {
        [StructLayout(LayoutKind.Sequential)]
        public struct Timespec
        {
            public long Seconds;
            public long Nanoseconds;
        }

        [DllImport("libc")] public static extern int clock_gettime(int clock, out Timespec time);
        [DllImport("libc", SetLastError = true)] public static extern int socket(int domain, int type, int protocol);
        [DllImport("libc", SetLastError = true)] public static extern int connect(int fd, byte[] address, uint size);
        [DllImport("libc", SetLastError = true)]
        public static extern int setsockopt(int fd, int level, int name, ref Timespec value, uint size);
        [DllImport("libc", SetLastError = true)]
        public static extern IntPtr send(int fd, byte[] data, UIntPtr size, int flags);
        [DllImport("libc", SetLastError = true)]
        public static extern IntPtr recv(int fd, byte[] data, UIntPtr size, int flags);
        [DllImport("libc", SetLastError = true)]
        public static extern IntPtr recvmsg(int fd, IntPtr message, int flags);
        [DllImport("libc")] public static extern int close(int fd);
        [DllImport("libc")] public static extern uint getuid();
        [DllImport("libc", SetLastError = true)]
        public static extern int statx(int folder, string path, int flags, uint mask, byte[] about);
        [DllImport("libc", SetLastError = true)]
        public static extern long syscall(long number, IntPtr word, long operation, long value, ref Timespec time,
                                          IntPtr second, long third);
        [DllImport("libc", SetLastError = true, EntryPoint = "syscall")]
        public static extern long futex_waitv(long number, IntPtr words, long count, long flags, ref Timespec time,
                                              long clock);

        [DllImport("kernel32", SetLastError = true)]
        public static extern IntPtr MapViewOfFile(IntPtr section, uint access, uint high, uint low, UIntPtr size);
        [DllImport("kernel32", SetLastError = true)] public static extern bool UnmapViewOfFile(IntPtr address);
        [DllImport("kernel32", SetLastError = true)] public static extern bool CloseHandle(IntPtr handle);
        [DllImport("kernel32", SetLastError = true, CharSet = CharSet.Unicode)]
        public static extern IntPtr CreateEventW(IntPtr security, bool manual, bool set, string name);
        [DllImport("kernel32", SetLastError = true, CharSet = CharSet.Unicode)]
        public static extern IntPtr OpenEventW(uint access, bool inherit, string name);
        [DllImport("kernel32", SetLastError = true)] public static extern bool SetEvent(IntPtr handle);
        [DllImport("kernel32", SetLastError = true)]
        public static extern uint WaitForMultipleObjects(uint count, IntPtr[] handles, bool all, uint milliseconds);

        public const long Futex = 202, FutexWaitv = 449;

        /// Whether a file or folder, not a link, is this user's own.
        public static bool IsOwn(string path)
        {
            var about = new byte[256]; // struct statx: stx_uid at 20
            return statx(-100, path, 0x100, 0x8, about) == 0 && BitConverter.ToUInt32(about, 20) == getuid();
        }

        public static ulong Load(IntPtr at) { return unchecked((ulong)Marshal.ReadInt64(at)); }

        public static void Store(IntPtr at, ulong value) { Marshal.WriteInt64(at, unchecked((long)value)); }

        public static IntPtr Plus(IntPtr at, long offset) { return new IntPtr(at.ToInt64() + offset); }
    }
