package e2e

import (
	"context"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"portcullis/lab"
	"portcullis/lab/tool"
)

// rtspClients play by datagrams alone.
var rtspClients = []struct {
	name string
	play tool.RTSPClient
}{{"ffmpeg", tool.FFmpegPlay}, {"gst-launch", tool.GstPlay}}

// rtspOffice has a server in the office and one outside, and lets clients reach
// either by RTSP and nothing else.
func rtspOffice(t *testing.T, lines ...string) *starSite {
	t.Helper()
	service := append(lines, `service = ["RTSP"]`)
	s := buildStar(t, officePorts+officeVIPs+
		accept(1, "port2", "port3", append(service, allVIPs)...)+
		accept(2, "port1", "port2", append(service, `nat = "enable"`)...)+
		accept(3, "port1", "port3", service...), officeHosts(), lab.SessionsEnd...)
	for name, at := range map[string]string{"dmz": "10.3.0.2:554", "peer": "198.51.100.2:8554"} {
		_, err := tool.GstRTSPServer(t.Context(), s.Host(name), publicDir(t), netip.MustParseAddrPort(at))
		found(t, err)
	}
	return s
}

// rtspPlay plays a URL from a host.
func rtspPlay(t *testing.T, play tool.RTSPClient, ns *lab.Namespace, url string, patience time.Duration) *tool.RTSPPlayed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := play(ctx, ns, publicDir(t), url)
	found(t, err)
	return got
}

// rtspPlays expects that sound arrives from a URL. How a client ends is not looked at:
// gst-launch sometimes fails at that.
func rtspPlays(t *testing.T, play tool.RTSPClient, ns *lab.Namespace, url string) {
	t.Helper()
	sounded(t, rtspPlay(t, play, ns, url, 20*time.Second))
}

// sounded expects that sound has arrived.
func sounded(t *testing.T, got *tool.RTSPPlayed) {
	t.Helper()
	if got.Sound < 12_000 {
		t.Errorf("%d bytes of sound, %v:\n%s", got.Sound, got.Err, lab.Tail(got.Text, 30))
	}
}

// rtspWays are the ways from a client to a server: from which host, and the URL.
var rtspWays = []struct{ name, from, url string }{
	{"plain", "client", "rtsp://10.3.0.2/duet"},
	{"source NAT", "client", "rtsp://198.51.100.2:8554/duet"},
	{"destination NAT", "peer", "rtsp://198.51.100.11/duet"},
}

// TestRTSP: real clients play from a real server by RTP over UDP, which no policy
// lets through, plain and through NAT of either kind.
func TestRTSP(t *testing.T) {
	t.Parallel()
	s := rtspOffice(t)
	for _, client := range rtspClients {
		for _, way := range rtspWays {
			t.Run(client.name+" "+way.name, func(t *testing.T) {
				rtspPlays(t, client.play, s.Host(way.from), way.url)
			})
		}
	}
	if err := s.fw.Stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	s.logged(t, 0, "policyid=3", "proto=17", "srcip=10.3.0.2", "dstip=10.1.0.2", "trandisp=noop")
	s.logged(t, 0, "policyid=1", "proto=17", "srcip=10.3.0.2", "transip=198.51.100.11", "dstip=198.51.100.2")
	s.logged(t, 0, "policyid=2", "proto=17", "srcip=198.51.100.2", "dstip=198.51.100.1", "trandisp=dnat")
}

// TestRTSPTwoClients: two hosts behind one address play at once. ffmpeg takes the same
// ports on both.
func TestRTSPTwoClients(t *testing.T) {
	t.Parallel()
	s := buildStar(t, officePorts+accept(2, "port1", "port2", `service = ["RTSP"]`, `nat = "enable"`), officeHosts())
	_, err := tool.GstRTSPServer(t.Context(), s.Host("peer"), publicDir(t), netip.MustParseAddrPort("198.51.100.2:554"))
	found(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	hosts := []string{"client", "server"}
	got, errs := make([]*tool.RTSPPlayed, len(hosts)), make([]error, len(hosts))
	var both sync.WaitGroup
	for i, name := range hosts {
		dir := publicDir(t)
		both.Go(func() { got[i], errs[i] = tool.FFmpegPlay(ctx, s.Host(name), dir, "rtsp://198.51.100.2/duet") })
	}
	both.Wait()
	for i := range hosts {
		found(t, errs[i])
		sounded(t, got[i])
	}
}

// TestRTSPRecord: a client sends media to a server.
func TestRTSPRecord(t *testing.T) {
	t.Parallel()
	s := buildStar(t, officePorts+officeVIPs+
		accept(1, "port2", "port3", allVIPs, `service = ["RTSP"]`)+
		accept(2, "port1", "port2", `service = ["RTSP"]`, `nat = "enable"`), officeHosts())
	for _, way := range []struct{ name, server, at, from, url string }{
		{"source NAT", "peer", "198.51.100.2:8554", "client", "rtsp://198.51.100.2:8554/in"},
		{"destination NAT", "dmz", "10.3.0.2:8554", "peer", "rtsp://198.51.100.11:8554/in"},
	} {
		t.Run(way.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			p, file, err := tool.FFmpegRecord(s.Host(way.server), publicDir(t), netip.MustParseAddrPort(way.at))
			found(t, err)
			defer p.Stop(2 * time.Second)
			var text string
			for err = context.DeadlineExceeded; err != nil && ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
				text, err = tool.FFmpegSend(ctx, s.Host(way.from), way.url, 2) // until the server listens
			}
			p.Stop(3 * time.Second)
			if n := size(file); err != nil || n < 12_000 {
				t.Errorf("%d bytes of sound, %v:\n%s\nthe server:\n%s", n, err, lab.Tail(text, 20), lab.Tail(p.Stderr(), 20))
			}
		})
	}
}

// size is that of a file, 0 where there is none.
func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestRTSPDenied: without the helper no media pass.
func TestRTSPDenied(t *testing.T) {
	t.Parallel()
	s := rtspOffice(t, `session-helper = ["disable"]`)
	for _, way := range rtspWays {
		t.Run(way.name, func(t *testing.T) {
			got := rtspPlay(t, tool.FFmpegPlay, s.Host(way.from), way.url, 5*time.Second)
			if got.Sound > 0 {
				t.Errorf("%d bytes of sound:\n%s", got.Sound, lab.Tail(got.Text, 20))
			}
			if !strings.Contains(got.Text, "Stream #0") && !strings.Contains(got.Text, "SETUP") && !strings.Contains(got.Text, "Successfully connected") {
				t.Errorf("there was no session:\n%s", lab.Tail(got.Text, 20))
			}
		})
	}
	s.logged(t, 0, "policyid=0", "action=deny", "proto=17", "srcip=10.3.0.2", "dstip=10.1.0.2")
}
