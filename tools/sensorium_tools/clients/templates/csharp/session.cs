
    /// <summary>
    /// A connection to the daemon. It is usable without one: every read then says CLOSED, until Reconnect finds it.
    /// </summary>
    public sealed partial class Session : IDisposable
    {
        /// <summary>The name by which the owner of the PC grants things; the daemon's runtime folder.</summary>
        public readonly string App, Directory;
        /// <summary>What went wrong last, in one sentence.</summary>
        public string Message { get; private set; }
        /// <summary>What the user can do about it; may be empty.</summary>
        public string Remedy { get; private set; }
        /// <summary>Of the public region: Ok, or why it is not there.</summary>
        public Status Status { get; private set; }

        internal uint Binding = 1;
        private readonly Region[] regions;
        private ILine line;

        private Session(string app, string directory)
        {
            App = app;
            Directory = string.IsNullOrEmpty(directory) ? DefaultDirectory() : directory;
            Message = Remedy = "";
            regions = Array.ConvertAll(Catalogue.Regions, name => new Region(name));
        }

        /// <summary>Finds the running daemon and maps its public region.</summary>
        /// <param name="app">The name by which the owner grants things.</param>
        /// <param name="directory">The daemon's runtime folder; null: the user's own.</param>
        public static Session Connect(string app, string directory = null)
        {
            var session = new Session(app, directory);
            session.Status = session.MapPublic();
            if (session.Status == Status.Ok) session.Hello();
            return session;
        }

        /// <summary>A channel of the catalogue; its region is opened when it is not open yet. Usable whatever its
        /// Status says: it follows the session.</summary>
        public Channel<T> Bind<T>(string name) where T : Record, new()
        {
            Catalogue channel;
            if (Catalogue.All.TryGetValue(name, out channel) && !Find(channel.Region).Mapped) Open(channel.Region);
            return new Channel<T>(this, name);
        }

        /// <summary>Opens a region by its grant class, or "app", the app's own.</summary>
        public Status Open(string name)
        {
            Region region = Find(name);
            if (region == null) return Fail(Status.Bad, "no region is called " + name, "");
            region.Wanted = true;
            if (name == "public") return MapPublic();
            if (region.Mapped && region.State() == Status.Ok) return Status.Ok;
            region.Unmap();
            Binding++;
            Status status = Hello();
            if (status == Status.Ok) status = Open(region);
            if (status == Status.Denied || status == Status.Version) region.Status = status;
            return status;
        }

        /// <summary>Whether the daemon or a region is gone: call Reconnect outside the frame.</summary>
        public bool Ended(ulong nowNs)
        {
            for (int i = 0; i < regions.Length; i++)
            {
                Region region = regions[i];
                if (!region.Mapped)
                {
                    if (i == 0) return true;
                    continue;
                }
                if (region.State() != Status.Ok) return true;
                ulong beat = region.U64(Layout.HeaderHeartbeatNs), now = region.TheirNow(beat, nowNs);
                if (now > beat && now - beat > Channel.DaemonMaxAgeNs) return true;
            }
            return false;
        }

        /// <summary>Looks for a newer daemon or region and opens again what was open; channels follow by themselves.
        /// Cheap when nothing changed.</summary>
        public Status Reconnect()
        {
            ulong before = regions[0].Generation;
            Status = MapPublic();
            if (Status != Status.Ok || regions[0].Generation != before)
            {
                HangUp();
                for (int i = 1; i < regions.Length; i++) regions[i].Unmap();
                Binding++;
            }
            if (Status != Status.Ok) return Status;
            for (int i = 1; i < regions.Length; i++)
                if (regions[i].Wanted) Open(regions[i].Name);
            return Status;
        }

        /// <summary>Unmaps everything; the app's own region is gone with the connection.</summary>
        public void Dispose()
        {
            foreach (Region region in regions) region.Unmap();
            Binding++;
            HangUp();
        }

        internal Region Find(string name)
        {
            foreach (Region region in regions)
                if (region.Name == name) return region;
            return null;
        }

        private static string DefaultDirectory()
        {
            string own = Environment.GetEnvironmentVariable("SENSORIUM_RUNTIME_DIR");
            if (!string.IsNullOrEmpty(own)) return own;
            if (!Clock.IsLinux)
                return Path.Combine(Environment.GetEnvironmentVariable("LOCALAPPDATA") ?? ".", "Temp", "sensorium");
            string common = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return string.IsNullOrEmpty(common) ? "/dev/shm/sensorium-" + Native.getuid() : common + "/sensorium";
        }

        private Status Fail(Status status, string message, string remedy)
        {
            Message = message;
            Remedy = remedy;
            return status;
        }

        private void HangUp()
        {
            if (line != null) line.Dispose();
            line = null;
        }

        private ulong Current()
        {
            try
            {
                ulong generation;
                string text = File.ReadAllText(Path.Combine(Directory, "current")).Trim();
                return ulong.TryParse(text, out generation) ? generation : 0;
            }
            catch (IOException) { return 0; }
            catch (UnauthorizedAccessException) { return 0; }
        }

        private Status MapPublic()
        {
            Region region = regions[0];
            ulong generation = Current();
            if (region.Mapped && region.Generation == generation && region.State() == Status.Ok) return Status.Ok;
            region.Unmap();
            Binding++;
            for (int i = 0; i < 4 && generation != 0; i++)
            {
                string path = Path.Combine(Directory, "public." + generation);
                try
                {
                    region.MapFiles(path, path + ".waiters");
                    return Checked(region);
                }
                catch (IOException) { region.Unmap(); }
                catch (UnauthorizedAccessException) { region.Unmap(); }
                generation = Current(); // replaced between the two looks
            }
            region.Status = Status.Closed;
            return Fail(Status.Unavailable, "no Sensorium daemon runs (looked in " + Directory + ")", "sensorium run");
        }

        private Status Checked(Region region)
        {
            string fault = region.Check();
            if (fault != null) return Fail(region.Status, fault, "use the Sensorium.cs that came with the daemon");
            region.Settle();
            return Status.Ok;
        }

        private Status Hello()
        {
            if (line != null) return Status.Ok;
            try
            {
                line = Clock.IsLinux ? (ILine)new UnixLine(Directory) : new PipeLine();
                string reply = line.Exchange("{\"op\":\"hello\",\"app\":" + Json.Quote(App) + ",\"client\":\"csharp "
                    + Layout.ClientVersion + "\",\"layout_major\":" + Layout.Major + ",\"layout_minor\":" + Layout.Minor
                    + "}", new long[] { -1, -1 });
                if (Json.Find(reply, "ok") == "true") return Status.Ok;
                HangUp();
                return Refused(reply);
            }
            catch (IOException)
            {
                HangUp();
                return Fail(Status.Unavailable, "the daemon's control does not answer", "sensorium run");
            }
        }

        private Status Open(Region region)
        {
            long[] handles = { -1, -1 };
            try
            {
                string reply = line.Exchange("{\"op\":\"open\",\"region\":\"" + region.Name + "\"}", handles);
                if (Json.Find(reply, "ok") != "true") return Refused(reply);
                if (!Clock.IsLinux)
                    region.MapSections(new IntPtr(handles[0]), new IntPtr(handles[1]), Json.Number(reply, "size"));
                else
                    region.MapFiles("/proc/self/fd/" + handles[0], "/proc/self/fd/" + handles[1]);
                return Checked(region);
            }
            catch (IOException error)
            {
                region.Unmap();
                HangUp();
                return Fail(Status.Unavailable, "the region cannot be opened: " + error.Message, "");
            }
            catch (UnauthorizedAccessException error)
            {
                region.Unmap();
                return Fail(Status.Unavailable, "the region cannot be opened: " + error.Message, "");
            }
            finally
            {
                foreach (long handle in handles)
                    if (Clock.IsLinux && handle >= 0) Native.close((int)handle);
            }
        }

        private Status Refused(string reply)
        {
            string error = Json.Find(reply, "error");
            Status status = error == "DENIED" ? Status.Denied : error == "VERSION" ? Status.Version : Status.Unavailable;
            return Fail(status, Json.Find(reply, "message") ?? "refused", Json.Find(reply, "remedy") ?? "");
        }
    }
