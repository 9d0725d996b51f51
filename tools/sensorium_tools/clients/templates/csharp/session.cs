
    /// <summary>
    /// A connection to the daemon. It is usable without one: every read then says CLOSED, until Reconnect finds it.
    /// </summary>
    public sealed partial class Session : IDisposable
    {
        /// <summary>The name by which the owner of the PC grants things.</summary>
        public readonly string App;
        /// <summary>The daemon's runtime folder.</summary>
        public string Directory { get { return directories[found]; } }
        /// <summary>What went wrong last, in one sentence.</summary>
        public string Message { get; private set; }
        /// <summary>What the user can do about it; may be empty.</summary>
        public string Remedy { get; private set; }
        /// <summary>Of the public region: Ok, or why it is not there.</summary>
        public Status Status { get; private set; }

        internal uint Binding = 1;
        private readonly Region[] regions;
        private readonly string[] directories; // where the daemon may be
        private int found;
        private ILine line;

        private Session(string app, string directory)
        {
            App = app;
            directories = string.IsNullOrEmpty(directory) ? DefaultDirectories() : new[] { directory };
            Message = Remedy = "";
            regions = Array.ConvertAll(Catalogue.Regions, name => new Region(name));
        }

        /// <summary>Finds the running daemon and maps its public region.</summary>
        /// <param name="app">The name by which the owner grants things.</param>
        /// <param name="directory">The daemon's runtime folder; null: the user's own, which is SENSORIUM_RUNTIME_DIR,
        /// else the first of XDG_RUNTIME_DIR/sensorium and /dev/shm/sensorium-UID that has a daemon's files.</param>
        public static Session Connect(string app, string directory = null)
        {
            var session = new Session(app, directory);
            session.Status = session.MapPublic();
            if (session.Status == Status.Ok) session.Hello();
            else session.Knock();
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
            uint before = Binding;
            Status = MapPublic();
            if (Status != Status.Ok || Binding != before) // another daemon's, perhaps
            {
                HangUp();
                for (int i = 1; i < regions.Length; i++) regions[i].Unmap();
                Binding++;
            }
            if (Status != Status.Ok)
            {
                Knock();
                return Status;
            }
            Hello();
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

        /// The daemon keeps its folder in memory: where XDG_RUNTIME_DIR is on a disk, it is in /dev/shm.
        private static string[] DefaultDirectories()
        {
            string own = Environment.GetEnvironmentVariable("SENSORIUM_RUNTIME_DIR");
            if (!string.IsNullOrEmpty(own)) return new[] { own };
            string local = Environment.GetEnvironmentVariable("LOCALAPPDATA") ?? ".";
            if (!Clock.IsLinux) return new[] { Path.Combine(local, "Temp", "sensorium") };
            string common = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            string memory = "/dev/shm/sensorium-" + Native.getuid();
            return string.IsNullOrEmpty(common) ? new[] { memory } : new[] { common + "/sensorium", memory };
        }

        private Status Fail(Status status, string message, string remedy)
        {
            Message = message;
            Remedy = remedy;
            return status;
        }

        /// Where the system starts the daemon on demand, a connection is what starts it: Reconnect
        /// finds it a second later.
        private void Knock()
        {
            if (line != null || !Clock.IsLinux) return;
            try
            {
                new UnixLine(Directory).Dispose();
            }
            catch (IOException)
            {
            }
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
            if (region.Mapped && region.Generation == Current() && region.State() == Status.Ok) return Status.Ok;
            region.Unmap();
            Binding++;
            int before = found;
            for (int i = 0; i < directories.Length; i++)
            {
                found = (before + i) % directories.Length;
                if (MapNewest(region)) return Checked(region);
            }
            found = before;
            region.Status = Status.Closed;
            return Fail(Status.Unavailable, "no Sensorium daemon runs (looked in " + string.Join(" and ", directories) + ")",
                        "sensorium run");
        }

        private bool MapNewest(Region region)
        {
            ulong generation = Current();
            for (int i = 0; i < 4 && generation != 0; i++)
            {
                string path = Path.Combine(Directory, "public." + generation);
                try
                {
                    if (Clock.IsLinux && !Native.IsOwn(path)) throw new IOException(path + " is another user's");
                    region.Map(path);
                    return true;
                }
                catch (IOException) { region.Unmap(); }
                catch (UnauthorizedAccessException) { region.Unmap(); }
                generation = Current(); // replaced between the two looks
            }
            return false;
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
            try
            {
                if (line != null)
                {
                    OpenPage();
                    return Status.Ok;
                }
                line = Clock.IsLinux ? (ILine)new UnixLine(Directory) : new PipeLine();
                string reply = line.Exchange("{\"op\":\"hello\",\"app\":" + Json.Quote(App) + ",\"client\":\"csharp "
                    + Layout.ClientVersion + "\",\"layout_major\":" + Layout.Major + ",\"layout_minor\":" + Layout.Minor
                    + "}", new long[] { -1, -1 });
                if (Json.Find(reply, "ok") == "true")
                {
                    OpenPage();
                    return Status.Ok;
                }
                HangUp();
                return Refused(reply);
            }
            catch (IOException)
            {
                HangUp();
                return Fail(Status.Unavailable, "the daemon's control does not answer", "sensorium run");
            }
        }

        /// The public region's waiters' page comes over control only, so that no app can cut a file
        /// short under the others. Without it waiting naps.
        private void OpenPage()
        {
            Region region = regions[0];
            if (!region.Mapped || region.ForeignClock || region.Waiters != IntPtr.Zero) return;
            long[] handles = { -1, -1 };
            try
            {
                string reply = line.Exchange("{\"op\":\"open\",\"region\":\"public\"}", handles);
                bool same = Json.Find(reply, "ok") == "true"
                    && (ulong)Json.Number(reply, "generation") == region.Generation;
                if (same && Clock.IsLinux) region.MapPage("/proc/self/fd/" + handles[1]);
                else if (!Clock.IsLinux)
                {
                    if (handles[0] > 0) Native.CloseHandle(new IntPtr(handles[0]));
                    if (same) region.MapPageSection(new IntPtr(handles[1]));
                    else if (handles[1] > 0) Native.CloseHandle(new IntPtr(handles[1]));
                }
            }
            finally
            {
                Close(handles);
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
                {
                    region.Map("/proc/self/fd/" + handles[0]);
                    region.MapPage("/proc/self/fd/" + handles[1]);
                }
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
                Close(handles);
            }
        }

        private static void Close(long[] handles)
        {
            foreach (long handle in handles)
                if (Clock.IsLinux && handle >= 0) Native.close((int)handle);
        }

        private Status Refused(string reply)
        {
            string error = Json.Find(reply, "error");
            Status status = error == "DENIED" ? Status.Denied : error == "VERSION" ? Status.Version : Status.Unavailable;
            return Fail(status, Json.Find(reply, "message") ?? "refused", Json.Find(reply, "remedy") ?? "");
        }
    }
