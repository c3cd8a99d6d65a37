package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"portcullis/dataplane/pcap/pcaptest"
	"portcullis/packet/packettest"
)

const operationPage = "../../docs/operation.md"

// section returns the part of a page under a heading, and what stands before and
// behind it.
func section(t *testing.T, page, heading string) (before, text, behind string) {
	t.Helper()
	all, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(all), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s: no %q", page, heading)
	}
	text, behind, _ = strings.Cut(rest, "\n## ")
	return before + "\n## " + heading + "\n", text, "\n## " + behind
}

// operationTraffic is what the samples of the page come of: an office, guests who
// have all their ports in use, a virtual IP.
func operationTraffic() string {
	b := strings.Builder{}
	b.WriteString(`
port1 > udp 10.1.0.2:14000 > 198.51.100.9:53 len 8
port1 > udp 10.1.0.2:14000 > 198.51.100.10:53 len 8
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:443 S seq 1
port1 > icmp 10.1.0.3 > 198.51.100.9 echo id 7 seq 1
port1 > gre 10.1.0.2 > 198.51.100.9 len 8
port1 x gre 10.1.0.3 > 198.51.100.9 len 8 ! nat-exhausted
port2 > tcp 198.51.100.9:5000 > 198.51.100.80:443 S seq 1
port2 > tcp 198.51.100.9:5001 > 198.51.100.80:443 S seq 1
port2 x tcp 198.51.100.9:5000 > 198.51.100.80:80 S seq 1 ! nat-no-mapping
port2 x udp 198.51.100.9:999 > 198.51.100.20:14001 len 8 ! nat-no-mapping
port1 > tcp 10.1.0.140:40000 > 198.51.100.9:443 S seq 1
`)
	for i := range 64 {
		fmt.Fprintf(&b, "port1 > udp 10.1.0.130:%d > 198.51.100.9:53 len 8\n", 14000+i)
	}
	b.WriteString("port1 x udp 10.1.0.130:14064 > 198.51.100.9:53 len 8 ! nat-exhausted\n")
	return b.String()
}

var (
	configFence = regexp.MustCompile("(?s)```toml\n(.*?)```")
	sampleFence = regexp.MustCompile("(?s)```\n(\\$ portcullis .*?)```")
	logSample   = regexp.MustCompile(`(?m)^\.\.\. (logid=.*)$`)
)

// TestOperationPage holds the samples of the page's section on translation against
// what the commands print and the log says; -update rewrites those of commands.
func TestOperationPage(t *testing.T) {
	before, text, behind := section(t, operationPage, "When translation fails")
	config := configFence.FindStringSubmatch(text)
	if config == nil {
		t.Fatal("no configuration is shown")
	}
	n := newNetted(t, config[1])
	n.play(operationTraffic())
	found := 0
	next := sampleFence.ReplaceAllStringFunc(text, func(block string) string {
		var b strings.Builder
		for command := range strings.Lines(sampleFence.FindStringSubmatch(block)[1]) {
			words, ok := strings.CutPrefix(command, "$ portcullis ")
			if !ok {
				continue
			}
			found++
			out, err := n.run(strings.Fields(words)...)
			if err != nil {
				t.Errorf("%s: %v", words, err)
			}
			b.WriteString(command + out)
		}
		if got := "```\n" + b.String() + "```"; steady(got) != steady(block) {
			return got
		}
		return block
	})
	if found < 6 {
		t.Errorf("%d commands are shown", found)
	}
	switch {
	case next == text:
	case *update:
		if err := os.WriteFile(operationPage, []byte(before+next+behind), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the samples are not what is printed: go test ./cmd/portcullis -run OperationPage -update", operationPage)
	}
	log, lines := n.log(), logSample.FindAllStringSubmatch(text, -1)
	for _, m := range lines {
		if !strings.Contains(log, " "+m[1]+"\n") {
			t.Errorf("not in the log: %s", m[1])
		}
	}
	if len(lines) != 3 {
		t.Errorf("%d lines of the log are shown; the log has\n%s", len(lines), log)
	}
}

// ftpCapture is the capture that the page shows.
func ftpCapture(t *testing.T) string {
	t.Helper()
	var frames []pcaptest.Frame
	at := time.Duration(0)
	for _, line := range []string{
		"tcp 10.1.0.2:40000 > 10.2.0.2:21 S seq 100",
		"tcp 10.2.0.2:21 > 10.1.0.2:40000 SA seq 900 ack 101",
		"tcp 10.1.0.2:40000 > 10.2.0.2:21 A seq 101 ack 901",
		`tcp 10.2.0.2:21 > 10.1.0.2:40000 PA seq 901 ack 101 data "220 ready\r\n"`,
		`tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 101 ack 912 data "PASV\r\n"`,
		`tcp 10.2.0.2:21 > 10.1.0.2:40000 PA seq 912 ack 107 data "227 Entering Passive Mode (10,2,0,2,156,64)\r\n"`,
		"tcp 10.1.0.2:41000 > 10.2.0.2:40000 S seq 5000",
		"tcp 10.2.0.2:40000 > 10.1.0.2:41000 RA seq 0 ack 5001",
		"tcp 10.2.0.2:40000 > 10.1.0.2:41001 PA seq 5 ack 5 badsum",
		`tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 107 ack 957 data "AUTH TLS\r\n"`,
		`tcp 10.2.0.2:21 > 10.1.0.2:40000 PA seq 957 ack 117 data "234 go\r\n"`,
	} {
		frames = append(frames, pcaptest.Frame{At: at, Data: packettest.Frame(line)})
		at += 1500 * time.Microsecond
	}
	name := filepath.Join(t.TempDir(), "ftp.pcap")
	if err := os.WriteFile(name, pcaptest.Classic(binary.LittleEndian, false, 1, frames...), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestOperationReplay holds the page's sample of a replay against what is printed.
func TestOperationReplay(t *testing.T) {
	before, text, behind := section(t, operationPage, "What would it do with this capture")
	const prompt = "$ portcullis replay ftp.pcap\n"
	head, rest, ok := strings.Cut(text, prompt)
	sample, tail, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		t.Fatalf("no %q", prompt)
	}
	out, err := command(nil, "replay", ftpCapture(t))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case out == sample:
	case *update:
		if err := os.WriteFile(operationPage, []byte(before+head+prompt+out+"```"+tail+behind), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the sample is not what is printed: go test ./cmd/portcullis -run OperationReplay -update\n%s", operationPage, out)
	}
}
