// One command a line on stdin, one answer a line on stdout; driver_main.c and driver.py do the same.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Sensorium;

internal static class Driver
{
    private static Session session;
    private static readonly Dictionary<string, Channel> All = new Dictionary<string, Channel>();

    private static Channel Find(string name)
    {
        Channel channel;
        if (All.TryGetValue(name, out channel)) return channel;
        if (name == "head") channel = session.Bind<HeadRecord>(name);
        else if (name == "frame_timing") channel = session.Bind<FrameTimingRecord>(name);
        else channel = session.Bind<GestureRecord>(name);
        return All[name] = channel;
    }

    private static string Said(Status status)
    {
        return status.ToString().ToUpperInvariant() + " " + session.Message + "|" + session.Remedy;
    }

    private static string Word(object value)
    {
        string word = value.ToString();
        return string.Concat(word.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : c.ToString())).ToLowerInvariant();
    }

    private static string Taken(Channel channel, bool next, ulong now)
    {
        Status status = next ? channel.Next(now) : channel.Read(now);
        var head = channel as Channel<HeadRecord>;
        float value = head != null ? head.Value.Pose.Position[0] : ((Channel<GestureRecord>)channel).Value.Score;
        return status.ToString().ToUpperInvariant() + " " + channel.Info.N + " " + Word(channel.Info.Reason) + " "
            + value.ToString("g6", CultureInfo.InvariantCulture);
    }

    private static string Answer(string verb, string rest)
    {
        ulong now = Clock.NowNs();
        switch (verb)
        {
            case "connect": session = Session.Connect(rest); return Said(session.Status);
            case "reconnect": return Said(session.Reconnect());
            case "open": return Said(session.Open(rest));
            case "ended": return session.Ended(now) ? "1" : "0";
            case "close": session.Dispose(); return "OK";
            case "wait":
                string[] words = rest.Split(' ');
                Channel[] waiting = words.Skip(1).Select(Find).ToArray();
                return session.Wait(ulong.Parse(words[0]) * 1000000, waiting).ToString().ToUpperInvariant();
        }
        Channel channel = Find(rest);
        switch (verb)
        {
            case "bind": return Said(channel.Status);
            case "read": return Taken(channel, false, now);
            case "later": return Taken(channel, false, now + 500000000);
            case "next": return Taken(channel, true, now);
            case "oldest": channel.SeekOldest(); return "OK";
            case "newest": channel.SeekNewest(); return "OK";
            case "lost": return channel.Lost + " " + channel.Resets;
            case "age": return channel.Info.AgeNs + " " + (channel.Info.ForeignClock ? 1 : 0);
            case "explain": return channel.Explain();
            case "frame":
                var timing = (Channel<FrameTimingRecord>)channel;
                timing.Value.Frame++;
                timing.Value.BeginNs = now;
                timing.Value.EndNs = Clock.NowNs();
                timing.Value.PeriodNs = 11111111;
                timing.Value.Source = 1;
                return timing.Write(now, timing.Value.EndNs).ToString().ToUpperInvariant();
        }
        return "what?";
    }

    private static void Main()
    {
        string line;
        while ((line = Console.ReadLine()) != null)
        {
            string[] parts = line.Split(new[] { ' ' }, 2);
            Console.WriteLine(Answer(parts[0], parts.Length > 1 ? parts[1] : ""));
        }
        if (session != null) session.Dispose();
    }
}
