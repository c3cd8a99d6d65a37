package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portcullis/dataplane/pcap/pcaptest"
	"portcullis/dataplane/replay"
	"portcullis/packet/packettest"
)

// captured writes a capture of a TFTP request and its answer.
func captured(t *testing.T) (name string, data []byte) {
	t.Helper()
	data = pcaptest.Sections(binary.LittleEndian, 1,
		pcaptest.Frame{Data: packettest.Frame("udp 10.1.0.2:50000 > 10.2.0.2:69 hex 000161006f6374657400")},
		pcaptest.Frame{At: 1500, Data: packettest.Frame("udp 10.2.0.2:4000 > 10.1.0.2:50000 hex 00030001")})
	name = filepath.Join(t.TempDir(), "tftp.pcapng")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name, data
}

// command runs a command line and returns what it prints.
func command(in []byte, words ...string) (string, error) {
	var out bytes.Buffer
	c := newRoot()
	c.SetArgs(words)
	c.SetIn(bytes.NewReader(in))
	c.SetOut(&out)
	err := c.Execute()
	return out.String(), err
}

func TestReplay(t *testing.T) {
	name, data := captured(t)
	out, err := command(nil, "replay", name)
	for _, want := range []string{
		"     1     0.000000  session  #1  udp 10.1.0.2:50000 > 10.2.0.2:69  helper tftp\n",
		"     1     0.000000  expect   udp 10.2.0.2 > 10.1.0.2:50000  helper tftp  of #1\n",
		"     2     0.000001  child    #2  udp 10.2.0.2:4000 > 10.1.0.2:50000  helper tftp  of #1\n",
		"\nframes        2, files 1, ",
	} {
		if err != nil || !strings.Contains("\n"+out, want) {
			t.Errorf("%v\n%s\nexpected %s", err, out, want)
		}
	}
	out, err = command(data, "replay", "--json", "-")
	if err != nil || strings.Count(out, "\n") != 4 || !strings.Contains(out, `{"event":"summary","files":1,"frames":2,`) {
		t.Errorf("%v\n%s", err, out)
	}
	// A policy for another service, and the helper bound to another port.
	fw := filepath.Join(t.TempDir(), "fw.toml")
	if err := os.WriteFile(fw, []byte(`
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
[[system.interface]]
name = "port2"
ip = "10.2.0.1/24"
`), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = command(nil, "replay", "-c", fw, name, name)
	if err != nil || strings.Count(out, "implicit-deny\n") != 5 || !strings.Contains(out, name+":\n") || !strings.Contains(out, "port1  implicit-deny\n") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = command(nil, "replay", "-c", fw, "--in", "port2", name)
	if err != nil || !strings.Contains(out, "port2  reverse-path\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReplayMistakes wants to be told what is wrong, and what came before it.
func TestReplayMistakes(t *testing.T) {
	name, data := captured(t)
	torn := filepath.Join(t.TempDir(), "torn.pcap")
	if err := os.WriteFile(torn, data[:len(data)-3], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words     []string
		said, why string
	}{
		{[]string{torn}, "session  #1", torn + ": frame 2, at byte 132: the file ends here: expected 4 bytes of a block's end, found 1"},
		{[]string{name, "/nonexistent"}, "frames        2, files 1", "open /nonexistent: no such file or directory"},
		{[]string{"--helper", "ftp", name}, "", `--helper "ftp": expected NAME:PROTO:PORT, as ftp:6:2121`},
		{[]string{"--helper", "ftp:6:0", name}, "", `--helper "ftp:6:0": expected NAME:PROTO:PORT, as ftp:6:2121`},
		{[]string{"--helper", "nosuch:6:5", name}, "", `helper "nosuch": not built in: expected one of `},
		{[]string{"--in", "port9", name}, "", `interface "port9": not configured: expected one of capture`},
		{[]string{"-c", torn, name}, "", torn + ":"},
		{nil, "", "requires at least 1 arg(s), only received 0"},
	} {
		out, err := command(nil, append([]string{"replay"}, c.words...)...)
		if err == nil || !strings.HasPrefix(err.Error(), c.why) || !strings.Contains(out, c.said) {
			t.Errorf("%v: %v\n%s\nexpected %s", c.words, err, out, c.why)
		}
	}
}

func TestBinding(t *testing.T) {
	for word, want := range map[string]replay.Binding{
		"ftp:6:2121": {Helper: "ftp", Proto: 6, Port: 2121}, "ftp:tcp:65535": {Helper: "ftp", Proto: 6, Port: 65535}, "tftp:udp:1": {Helper: "tftp", Proto: 17, Port: 1},
	} {
		if got, err := binding(word); err != nil || got != want {
			t.Errorf("%s: %+v, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "ftp:6", "ftp:6:1:2", "ftp:ip:1", "ftp:256:1", "ftp:6:65536", "ftp:6:x"} {
		if b, err := binding(word); err == nil {
			t.Errorf("%q: %+v", word, b)
		}
	}
}
