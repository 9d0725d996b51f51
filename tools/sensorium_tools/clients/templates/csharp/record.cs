
    /// <summary>UTF-8 text of a record. ToString allocates only when the text has changed.</summary>
    public sealed class Text
    {
        private readonly byte[] bytes;
        private readonly char[] letters;
        private int length;
        private string cached = "";

        internal Text(int size)
        {
            bytes = new byte[size];
            letters = new char[size];
        }

        /// <summary>Whether the text is this one; allocates nothing.</summary>
        public bool Is(string other)
        {
            if (cached != null) return string.Equals(cached, other, StringComparison.Ordinal);
            int count = Encoding.UTF8.GetChars(bytes, 0, length, letters, 0);
            if (other == null || other.Length != count) return false;
            for (int i = 0; i < count; i++)
                if (other[i] != letters[i]) return false;
            return true;
        }

        /// <summary>Sets the text; false when it is too long for the field.</summary>
        public bool Set(string value)
        {
            if (Encoding.UTF8.GetByteCount(value) >= bytes.Length) return false;
            Array.Clear(bytes, 0, bytes.Length);
            length = Encoding.UTF8.GetBytes(value, 0, value.Length, bytes, 0);
            cached = value;
            return true;
        }

        /// <inheritdoc/>
        public override string ToString()
        {
            return cached ?? (cached = Encoding.UTF8.GetString(bytes, 0, length));
        }

        internal void Decode(byte[] source, int at)
        {
            bool same = true;
            for (int i = 0; i < bytes.Length && same; i++) same = bytes[i] == source[at + i];
            if (same) return;
            Buffer.BlockCopy(source, at, bytes, 0, bytes.Length);
            length = Array.IndexOf(bytes, (byte)0);
            if (length < 0) length = bytes.Length;
            cached = null;
        }

        internal void Encode(byte[] target, int at)
        {
            Buffer.BlockCopy(bytes, 0, target, at, bytes.Length);
        }
    }

    /// <summary>A struct inside a record.</summary>
    public abstract class Part
    {
        internal abstract void Decode(byte[] source, int at);

        internal virtual void Encode(byte[] target, int at)
        {
            throw new NotSupportedException("only what an app writes can be encoded");
        }

        internal static T[] Make<T>(int count) where T : Part, new()
        {
            var parts = new T[count];
            for (int i = 0; i < count; i++) parts[i] = new T();
            return parts;
        }
    }

    /// <summary>What a channel carries.</summary>
    public abstract class Record : Part
    {
        /// <summary>Never reused.</summary>
        public abstract int RecordId { get; }
        /// <summary>Readers accept the same major only.</summary>
        public abstract int RecordMajor { get; }
        /// <summary>Bytes.</summary>
        public abstract int RecordSize { get; }
    }

    internal static class Bytes
    {
        [StructLayout(LayoutKind.Explicit)]
        private struct Bits
        {
            [FieldOffset(0)] public float Number;
            [FieldOffset(0)] public uint Word;
        }

        public static void Put(byte[] target, int at, ushort value)
        {
            target[at] = (byte)value;
            target[at + 1] = (byte)(value >> 8);
        }

        public static void Put(byte[] target, int at, uint value)
        {
            for (int i = 0; i < 4; i++) target[at + i] = (byte)(value >> (8 * i));
        }

        public static void Put(byte[] target, int at, int value) { Put(target, at, unchecked((uint)value)); }

        public static void Put(byte[] target, int at, ulong value)
        {
            for (int i = 0; i < 8; i++) target[at + i] = (byte)(value >> (8 * i));
        }

        public static void Put(byte[] target, int at, float value)
        {
            Bits bits = new Bits { Number = value };
            Put(target, at, bits.Word);
        }

        public static void Put(byte[] target, int at, double value)
        {
            Put(target, at, unchecked((ulong)BitConverter.DoubleToInt64Bits(value)));
        }
    }
