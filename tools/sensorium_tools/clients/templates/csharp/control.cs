
    internal interface ILine : IDisposable
    {
        /// Sends a request; gives the reply and the handles that came with it.
        string Exchange(string request, long[] handles);
    }

    internal static class Json
    {
        public static string Quote(string text)
        {
            var quoted = new StringBuilder("\"");
            foreach (char letter in text)
            {
                if (letter == '"' || letter == '\\') quoted.Append('\\').Append(letter);
                else if (letter < ' ') quoted.Append("\\u").Append(((int)letter).ToString("x4"));
                else quoted.Append(letter);
            }
            return quoted.Append('"').ToString();
        }

        /// The raw value of a key of the outermost object: a string without quotes and escapes, else
        /// the letters up to the next comma or brace; null when there is none.
        public static string Find(string json, string key)
        {
            int depth = 0;
            bool isKey = false;
            for (int i = 0; i < json.Length; i++)
            {
                char letter = json[i];
                if (letter == '"')
                {
                    string text = Unquote(json, ref i);
                    if (depth != 1 || !isKey || text != key) continue;
                    for (i++; i < json.Length && (json[i] == ' ' || json[i] == ':');) i++;
                    if (i < json.Length && json[i] == '"') return Unquote(json, ref i);
                    int start = i;
                    while (i < json.Length && ",}] ".IndexOf(json[i]) < 0) i++;
                    return json.Substring(start, i - start);
                }
                if (letter == '{' || letter == '[') { depth++; isKey = letter == '{'; }
                else if (letter == '}' || letter == ']') { depth--; isKey = false; }
                else if (letter == ':') isKey = false;
                else if (letter == ',') isKey = true;
            }
            return null;
        }

        public static long Number(string json, string key)
        {
            long number;
            return long.TryParse(Find(json, key), out number) ? number : 0;
        }

        /// From an opening quote at `at` to the closing one, where `at` is left.
        private static string Unquote(string json, ref int at)
        {
            var text = new StringBuilder();
            for (at++; at < json.Length && json[at] != '"'; at++)
            {
                if (json[at] != '\\' || at + 1 >= json.Length) { text.Append(json[at]); continue; }
                char escaped = json[++at];
                int code;
                if (escaped == 'u' && at + 4 < json.Length
                    && int.TryParse(json.Substring(at + 1, 4), System.Globalization.NumberStyles.HexNumber, null, out code))
                {
                    text.Append((char)code);
                    at += 4;
                }
                else text.Append(escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped);
            }
            return text.ToString();
        }
    }

    /// A Unix socket; regions come as file descriptors with the first byte of a reply.
    internal sealed class UnixLine : ILine
    {
        private int fd;

        public UnixLine(string directory)
        {
            byte[] path = Encoding.UTF8.GetBytes(directory + "/control.sock"), address = new byte[110];
            if (path.Length > 107) throw new IOException("the runtime folder's name is too long");
            address[0] = 1; // AF_UNIX
            Buffer.BlockCopy(path, 0, address, 2, path.Length);
            fd = Native.socket(1, 1 | 0x80000, 0);
            if (fd < 0) throw new IOException("no socket");
            var limit = new Native.Timespec { Seconds = 2 };
            Native.setsockopt(fd, 1, 20, ref limit, 16);
            Native.setsockopt(fd, 1, 21, ref limit, 16);
            if (Native.connect(fd, address, (uint)address.Length) != 0)
            {
                Dispose();
                throw new IOException("control does not answer");
            }
        }

        public string Exchange(string request, long[] handles)
        {
            byte[] body = Encoding.UTF8.GetBytes(request), frame = new byte[4 + body.Length];
            Bytes.Put(frame, 0, (uint)body.Length);
            Buffer.BlockCopy(body, 0, frame, 4, body.Length);
            if (Native.send(fd, frame, new UIntPtr((uint)frame.Length), 0x4000).ToInt64() != frame.Length)
                throw new IOException("control broke off");
            byte[] start = new byte[4];
            int got = ReceiveWithHandles(start, handles);
            try
            {
                Receive(start, got);
                byte[] reply = new byte[Math.Min(BitConverter.ToUInt32(start, 0), 65536u)];
                Receive(reply, 0);
                return Encoding.UTF8.GetString(reply);
            }
            catch (IOException)
            {
                foreach (long handle in handles)
                    if (handle >= 0) Native.close((int)handle);
                throw;
            }
        }

        public void Dispose()
        {
            if (fd >= 0) Native.close(fd);
            fd = -1;
        }

        private void Receive(byte[] target, int got)
        {
            while (got < target.Length)
            {
                byte[] part = new byte[target.Length - got];
                long length = Native.recv(fd, part, new UIntPtr((uint)part.Length), 0).ToInt64();
                if (length <= 0) throw new IOException("control broke off");
                Buffer.BlockCopy(part, 0, target, got, (int)length);
                got += (int)length;
            }
        }

        /// recvmsg with a struct msghdr of the 64-bit ABI: name 0, iov 16, control 32.
        private int ReceiveWithHandles(byte[] start, long[] handles)
        {
            IntPtr room = Marshal.AllocHGlobal(256);
            try
            {
                for (int i = 0; i < 256; i += 8) Marshal.WriteInt64(room, i, 0);
                IntPtr piece = Native.Plus(room, 64), data = Native.Plus(room, 80), control = Native.Plus(room, 96);
                Marshal.WriteIntPtr(room, 16, piece);
                Marshal.WriteInt64(room, 24, 1);
                Marshal.WriteIntPtr(room, 32, control);
                Marshal.WriteInt64(room, 40, 128);
                Marshal.WriteIntPtr(piece, 0, data);
                Marshal.WriteInt64(piece, 8, start.Length);
                long got = Native.recvmsg(fd, room, 0x40000000 /* MSG_CMSG_CLOEXEC */).ToInt64();
                if (got <= 0) throw new IOException("control broke off");
                Marshal.Copy(data, start, 0, (int)got);
                long total = Marshal.ReadInt64(room, 40), at = 0;
                int count = 0;
                while (at + 16 <= total)
                {
                    IntPtr part = Native.Plus(control, at);
                    long length = Marshal.ReadInt64(part, 0);
                    bool rights = Marshal.ReadInt32(part, 8) == 1 && Marshal.ReadInt32(part, 12) == 1;
                    for (long i = 16; rights && i + 4 <= length; i += 4)
                    {
                        int handle = Marshal.ReadInt32(part, (int)i);
                        if (count < handles.Length) handles[count++] = handle;
                        else Native.close(handle);
                    }
                    if (length < 16) break;
                    at += (length + 7) / 8 * 8;
                }
                return (int)got;
            }
            finally
            {
                Marshal.FreeHGlobal(room);
            }
        }
    }

    /// A named pipe; regions come as section handles in the reply. Not verified on Windows.
    internal sealed class PipeLine : ILine
    {
        private readonly NamedPipeClientStream pipe;

        public PipeLine()
        {
            pipe = new NamedPipeClientStream(".", "sensorium-" + Environment.UserName, PipeDirection.InOut);
            try
            {
                pipe.Connect(200);
            }
            catch (TimeoutException error)
            {
                throw new IOException("control does not answer", error);
            }
        }

        public string Exchange(string request, long[] handles)
        {
            byte[] body = Encoding.UTF8.GetBytes(request), start = new byte[4];
            Bytes.Put(start, 0, (uint)body.Length);
            pipe.Write(start, 0, 4);
            pipe.Write(body, 0, body.Length);
            pipe.Flush();
            Fill(start);
            byte[] reply = new byte[Math.Min(BitConverter.ToUInt32(start, 0), 65536u)];
            Fill(reply);
            string text = Encoding.UTF8.GetString(reply);
            for (int i = 0; i < handles.Length; i++)
                if (Json.Find(text, "handle" + i) != null) handles[i] = Json.Number(text, "handle" + i);
            return text;
        }

        public void Dispose() { pipe.Dispose(); }

        private void Fill(byte[] target)
        {
            for (int got = 0; got < target.Length;)
            {
                int length = pipe.Read(target, got, target.Length - got);
                if (length <= 0) throw new IOException("control broke off");
                got += length;
            }
        }
    }
