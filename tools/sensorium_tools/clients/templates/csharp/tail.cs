
    /// <summary>Publishes the app's frame times, which the daemon uses to stay out of the game's way.</summary>
    public sealed class Frame
    {
        private readonly Channel<FrameTimingRecord> channel;

        /// <summary>Opens the app's own region and its channel frame_timing.</summary>
        public Frame(Session session) { channel = session.Bind<FrameTimingRecord>("frame_timing"); }

        /// <summary>The record to fill: DisplayNs, PeriodNs, CpuNs and GpuNs, where you know them.</summary>
        public FrameTimingRecord Value { get { return channel.Value; } }

        /// <summary>A frame begins.</summary>
        public void Begin(ulong nowNs)
        {
            FrameTimingRecord frame = channel.Value;
            ulong last = frame.BeginNs, period = frame.PeriodNs;
            if (last != 0 && period != 0 && nowNs > last + period + period / 2)
                frame.Missed += (nowNs - last + period / 2) / period - 1;
            frame.Frame++;
            frame.BeginNs = nowNs;
            frame.EndNs = 0;
            frame.Source = 1;
        }

        /// <summary>The frame was submitted: publishes its times.</summary>
        public Status End(ulong nowNs)
        {
            channel.Value.EndNs = nowNs;
            return channel.Write(channel.Value.BeginNs, nowNs);
        }
    }

    /// <summary>
    /// From Sensorium's right-handed axes (y up, -z forward) to Unity's left-handed ones (y up, +z forward): z is
    /// mirrored. Positions and velocities: (x, y, -z). Rotations: (-x, -y, z, w). Angular velocities, which are
    /// pseudovectors: (-x, -y, z). `from` and `to` may be the same array.
    /// </summary>
    public static class UnityAxes
    {
        /// <summary>A position, direction or linear velocity: 3 floats.</summary>
        public static void Vector(float[] from, float[] to)
        {
            to[0] = from[0];
            to[1] = from[1];
            to[2] = -from[2];
        }

        /// <summary>A quaternion xyzw: 4 floats.</summary>
        public static void Rotation(float[] from, float[] to)
        {
            to[0] = -from[0];
            to[1] = -from[1];
            to[2] = from[2];
            to[3] = from[3];
        }

        /// <summary>An angular velocity: 3 floats.</summary>
        public static void AngularVelocity(float[] from, float[] to)
        {
            to[0] = -from[0];
            to[1] = -from[1];
            to[2] = from[2];
        }
    }
}
