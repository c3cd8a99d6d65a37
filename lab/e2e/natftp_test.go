package e2e

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// ftpDaemon starts an FTP server that serves d.
func ftpDaemon(t *testing.T, start tool.FTPDaemon, ns *lab.Namespace, d data, s tool.FTPServer) {
	t.Helper()
	s.Dir = d.dir
	_, err := start(t.Context(), ns, publicDir(t), s)
	found(t, err)
}

// ftpFetch fetches d with a real client.
func ftpFetch(t *testing.T, fetch tool.FTPClient, ns *lab.Namespace, d data, f tool.FTPFetch) *tool.FTPFetched {
	t.Helper()
	f.File = d.name
	if f.Patience == 0 {
		f.Patience = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(t.Context(), f.Patience+5*time.Second)
	defer cancel()
	got, err := fetch(ctx, ns, t.TempDir(), f)
	found(t, err)
	return got
}

// The old story of 1:1 NAT before an FTP server, with real servers and clients,
// in every mode; and of a client behind source NAT.
func TestFTPBehindVIP(t *testing.T) {
	t.Parallel()
	const server, public = "10.3.0.2", "198.51.100.11"
	for _, daemon := range []struct {
		name  string
		start tool.FTPDaemon
	}{{"vsftpd", tool.Vsftpd}, {"proftpd", tool.Proftpd}} {
		t.Run(daemon.name, func(t *testing.T) {
			t.Parallel()
			d := newData(t, 100_000)
			s := buildStar(t, officePorts+officeVIPs+
				table("firewall.service.custom", `name = "FTPs"`, `tcp-portrange = ["21", "2121"]`, `helper = "ftp"`)+
				accept(1, "port2", "port3", allVIPs, `service = ["FTPs"]`)+
				accept(2, "port2", "port1", allVIPs, `service = ["FTPs"]`)+
				accept(3, "port1", "port2", `service = ["FTPs"]`, `nat = "enable"`), officeHosts())
			// Port 21: the server knows its own address. Port 2121: it announces the
			// public one. The peer's is for the way out.
			ftpDaemon(t, daemon.start, s.Host("dmz"), d, tool.FTPServer{Addr: netip.MustParseAddr(server), Port: 21})
			ftpDaemon(t, daemon.start, s.Host("dmz"), d, tool.FTPServer{Addr: netip.MustParseAddr(server), Port: 2121, Announce: netip.MustParseAddr(public)})
			ftpDaemon(t, daemon.start, s.Host("peer"), d, tool.FTPServer{Addr: netip.MustParseAddr("198.51.100.2"), Port: 21})
			for _, client := range []struct {
				name  string
				fetch tool.FTPClient
			}{{"curl", tool.Curl}, {"lftp", tool.Lftp}} {
				for _, way := range []struct {
					name, from, to string
					fetch          tool.FTPFetch
					line           string // of the conversation, as the client has it
				}{
					{"in, active", "peer", public + ":21", tool.FTPFetch{Active: true}, "> PORT 198,51,100,2,"},
					{"in, passive", "peer", public + ":21", tool.FTPFetch{Believe: true}, "< 227 Entering Passive Mode (198,51,100,11,"},
					{"in, EPSV", "peer", public + ":21", tool.FTPFetch{EPSV: true}, "< 229 "},
					{"in, passive, announced as it is", "peer", public + ":2121", tool.FTPFetch{Believe: true}, "< 227 Entering Passive Mode (198,51,100,11,"},
					{"in, active, announced as it is", "peer", public + ":2121", tool.FTPFetch{Active: true}, "> PORT 198,51,100,2,"},
					{"out, active", "client", "198.51.100.2:21", tool.FTPFetch{Active: true}, "> PORT 10,1,0,2,"},
					{"out, passive", "client", "198.51.100.2:21", tool.FTPFetch{Believe: true}, "< 227 Entering Passive Mode (198,51,100,2,"},
				} {
					t.Run(client.name+" "+way.name, func(t *testing.T) {
						way.fetch.Server = netip.MustParseAddrPort(way.to)
						got := ftpFetch(t, client.fetch, s.Host(way.from), d, way.fetch)
						if !d.is(got.Content) || got.Last(way.line) == "" {
							t.Errorf("%d bytes, %v; want a line %q in\n%s", len(got.Content), got.Err, way.line, strings.Join(got.Lines, "\n"))
						}
					})
				}
			}
			// Every data connection is a child of a control session: nothing else
			// lets it in.
			s.counted(t, 6, "policyid=1", "dstip="+public, "dstport=21", "trandisp=dnat")
			s.counted(t, 4, "policyid=1", "dstip="+public, "dstport=2121", "trandisp=dnat")
			s.counted(t, 16, "policyid=1", "dstip="+public, "trandisp=dnat")  // and 6 passive transfers
			s.counted(t, 4, "policyid=1", "srcip="+server, "transip="+public) // active ones
			s.counted(t, 0, "action=deny")
		})
	}
}

// is reports whether that is the data.
func (d data) is(content []byte) bool {
	want, err := os.ReadFile(filepath.Join(d.dir, d.name))
	return err == nil && string(want) == string(content)
}

// TestFTPSMatrix plays the whole table of FTPS through NAT, as a user does.
func TestFTPSMatrix(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vsftpd", "proftpd", "curl", "lftp"} {
		_, err := tool.Find(name)
		found(t, err)
	}
	s, err := lab.NewNamespace("user")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	begin := time.Now()
	p, err := s.Run(ctx, lab.Command{Path: filepath.Join(filepath.Dir(binary), "portcullis-lab"), Args: []string{"run", abs(t, "../../examples/ftps-matrix.toml")}})
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Stdout())
	}
	for _, line := range []string{
		"plain FTP, active works works works works",
		"plain FTP, passive works works works works",
		"FTPS, active works works no no",
		"FTPS, passive works no works no",
	} {
		if !strings.Contains(strings.Join(strings.Fields(p.Stdout()), " "), line) {
			t.Errorf("no line %q in\n%s", line, p.Stdout())
		}
	}
	t.Logf("it took %v", time.Since(begin))
}
