// Reads gestures as fast as it can and checks the words that torture.py's writer makes: word i of
// record n is n * A + i * B.   torture DIRECTORY CHANNEL next|read READS
using System;
using Sensorium;

internal static class Torture
{
    private const ulong A = 0x9e3779b97f4a7c15, B = 0xc2b2ae3d27d4eb4f;

    private static ulong Word(ulong n, int offset) { unchecked { return n * A + (ulong)(offset / 8) * B; } }

    private static void Main(string[] words)
    {
        Session session = Session.Connect("torture", words[0]);
        Channel<GestureRecord> channel = session.Bind<GestureRecord>(words[1]);
        bool next = words[2] == "next";
        int reads = int.Parse(words[3]), fresh = 0, torn = 0, backward = 0;
        ulong last = 0;
        for (int i = 0; i < reads || fresh < 1000; i++)
        {
            ulong now = Clock.NowNs();
            Status status = next ? channel.Next(now) : channel.Read(now);
            ulong n = channel.Info.N;
            if (status != Status.New && !(status == Status.Stale && n > last)) continue;
            GestureRecord value = channel.Value;
            fresh++;
            if (n <= last) backward++;
            last = n;
            bool whole = value.Side == (uint)Word(n, 0) && value.Gesture == (uint)(Word(n, 0) >> 32)
                && value.Begins == Word(n, 112) && value.Ends == Word(n, 120)
                && value.BeginNs == Word(n, 128) && value.EndNs == Word(n, 136);
            if (!whole) torn++;
        }
        Console.WriteLine("{\"reads\": " + reads + ", \"new\": " + fresh + ", \"torn\": " + torn
            + ", \"backward\": " + backward + "}");
        session.Dispose();
    }
}
