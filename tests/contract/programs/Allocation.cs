// Reads, follows and writes many times and says what the garbage collector saw of it.
using System;
using Sensorium;

internal static class Allocation
{
    private static Session session;
    private static Channel<GestureRecord> hot, left;
    private static Channel<AudioRecord> audio;
    private static Frame frame;
    private static ulong seen;

    private static void Turn(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong now = Clock.NowNs();
            frame.Begin(now);
            if (hot.Read(now) == Status.New) seen++;
            left.Read(now);
            audio.SeekOldest();
            if (audio.Next(now) == Status.New) seen++;
            if (hot.Value.Name.Is("pinch")) seen++;
            session.Ended(now);
            frame.End(now);
        }
    }

    private static void Main(string[] words)
    {
        session = Session.Connect("game", words[0]);
        hot = session.Bind<GestureRecord>("gesture_right");
        left = session.Bind<GestureRecord>("gesture_left");
        audio = session.Bind<AudioRecord>("audio");
        frame = new Frame(session);
        Turn(1000);
        GC.Collect();
        int collections = GC.CollectionCount(0);
        long before = GC.GetTotalMemory(false);
        Turn(int.Parse(words[1]));
        long grown = GC.GetTotalMemory(false) - before;
        Console.WriteLine((GC.CollectionCount(0) - collections) + " " + grown + " " + seen);
        session.Dispose();
    }
}
