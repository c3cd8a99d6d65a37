package peer

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"portcullis/lab"
)

func TestMain(m *testing.M) {
	Main()
	if err := lab.EnterUserNamespace(); err != nil {
		fmt.Fprintln(os.Stderr, "skipped:", err)
		if os.Getenv("PORTCULLIS_REQUIRE_TOOLS") != "" {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func direct(t *testing.T) *lab.Direct {
	t.Helper()
	d, err := lab.NewDirect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// With nothing between, every mode works: what fails through a firewall is the
// firewall's doing.
func TestFTP(t *testing.T) {
	d, ctx := direct(t), bounded(t)
	server, err := Serve(d.Server, "ftp-server", "-ports", "21,8021")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		mode FTPMode
		at   string
	}{
		{PASV, "10.2.0.2:21"}, {EPSV, "10.2.0.2:8021"}, {PORT, "10.2.0.2:21"}, {EPRT, "10.2.0.2:21"},
		{EPSV, "[fd02::2]:21"}, {EPRT, "[fd02::2]:8021"},
	} {
		got, err := FTPGet(ctx, d.Client, netip.MustParseAddrPort(test.at), test.mode, 300_000)
		if err != nil {
			t.Fatal(err)
		}
		if !got.OK(300_000) || !got.Data.IsValid() {
			t.Errorf("%s at %s: %+v", test.mode, test.at, got)
		}
		if !strings.Contains(strings.Join(got.Transcript, "\n"), "\n> "+string(test.mode)) {
			t.Errorf("%s at %s: transcript %q", test.mode, test.at, got.Transcript)
		}
	}
	seen := fmt.Sprint(server.Events("command"))
	for _, mode := range []FTPMode{PASV, EPSV, PORT, EPRT} {
		if !strings.Contains(seen, string(mode)) {
			t.Errorf("server did not tell of %s: %s", mode, seen)
		}
	}
	if got, err := FTPGet(ctx, d.Client, netip.MustParseAddrPort("10.2.0.2:22"), PASV, 1); err != nil || got.Stage != "connect" || got.Error == "" {
		t.Errorf("nobody listens: %+v, %v", got, err)
	}
}

func TestTFTP(t *testing.T) {
	d, ctx := direct(t), bounded(t)
	if _, err := Serve(d.Server, "tftp-server"); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"10.2.0.2:69", "[fd02::2]:69"} {
		got, err := TFTPGet(ctx, d.Client, netip.MustParseAddrPort(at), 100_000)
		if err != nil || !got.OK(100_000) {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
}

func TestProbe(t *testing.T) {
	d, ctx := direct(t), bounded(t)
	if _, err := Serve(d.Server, "tcp-echo", "-ports", "80"); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{"10.2.0.2:80": true, "[fd02::2]:80": true, "10.2.0.2:81": false} {
		got, err := TCPProbe(ctx, d.Client, netip.MustParseAddrPort(at))
		if err != nil || got.Connected != want {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
}

func TestTraffic(t *testing.T) {
	d, ctx := direct(t), bounded(t)
	if _, err := Serve(d.Server, "tcp-sink", "-ports", "5001"); err != nil {
		t.Fatal(err)
	}
	if _, err := Serve(d.Server, "tcp-echo", "-ports", "7"); err != nil {
		t.Fatal(err)
	}
	var (
		bulk  Bulk
		churn Churn
		ping  Ping
		flood Flood
	)
	for _, run := range []struct {
		into any
		name string
		args []string
	}{
		{&bulk, "tcp-bulk", []string{"-to", "10.2.0.2:5001", "-streams", "2"}},
		{&churn, "tcp-churn", []string{"-to", "10.2.0.2:5001"}},
		{&ping, "tcp-ping", []string{"-to", "10.2.0.2:7"}},
	} {
		if err := Do(ctx, d.Client, run.into, run.name, append(run.args, "-duration", "100ms")...); err != nil {
			t.Fatal(err)
		}
	}
	sink, err := Serve(d.Server, "udp-sink", "-duration", "100ms")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-sip", "-to", "10.2.0.2:5060"}, {"-to", "10.2.0.2:5002"}} {
		if err := Do(ctx, d.Client, &flood, "udp-flood", append(args, "-duration", "200ms")...); err != nil || flood.Packets == 0 {
			t.Fatalf("%v: %+v, %v", args, flood, err)
		}
	}
	var received Flood
	if err := sink.Report(ctx, &received); err != nil {
		t.Fatal(err)
	}
	if bulk.Bytes == 0 || churn.Connections == 0 || churn.Failed > 0 || ping.Count == 0 || ping.P50 == 0 ||
		ping.P99 < ping.P50 || flood.Packets == 0 || received.Packets == 0 {
		t.Errorf("bulk %+v, churn %+v, ping %+v, sent %+v, received %+v", bulk, churn, ping, flood, received)
	}
}

func TestMainRefusesUnknown(t *testing.T) {
	if _, err := Command("no-such"); err == nil {
		t.Error("no error")
	}
}
