
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
