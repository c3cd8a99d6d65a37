package replay_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"portcullis/config"
	"portcullis/dataplane/pcap/pcaptest"
	"portcullis/dataplane/replay"
	_ "portcullis/helpers/builtin" // every helper there is
	"portcullis/packet/packettest"
)

var update = flag.Bool("update", false, "rewrite what the stories end with")

// TestStories plays testdata/*.txtar: frames as text become a capture, which is
// replayed; what is said about it is the last file of the archive. A line of frames
// is a time, since the first frame or with + since the one before, perhaps "snap N"
// for a frame of which N bytes were captured, and a packet. fw.toml is the
// configuration, where there is one; options are lines "in INTERFACE" and "helper
// NAME:PROTO:PORT".
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := tell(t, a)
			last := &a.Files[len(a.Files)-1]
			if got == string(last.Data) {
				return
			}
			if !*update || last.Name != "said" {
				t.Fatalf("it says\n%s\nexpected\n%s", got, last.Data)
			}
			last.Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// tell plays a story.
func tell(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	var out strings.Builder
	o := replay.Options{Emit: func(e *replay.Event) { fmt.Fprintln(&out, e) }}
	var frames []pcaptest.Frame
	for _, f := range a.Files {
		switch f.Name {
		case "frames":
			frames = parseFrames(t, string(f.Data))
		case "fw.toml":
			cfg, bad := config.Parse(f.Name, f.Data)
			if bad.Err() != nil {
				t.Fatal(bad)
			}
			o.Config = cfg
		case "options":
			options(t, &o, string(f.Data))
		}
	}
	p, err := replay.New(o)
	if err != nil {
		return err.Error() + "\n"
	}
	if err := p.Play("story", bytes.NewReader(pcaptest.Classic(binary.LittleEndian, true, 1, frames...))); err != nil {
		fmt.Fprintln(&out, err)
	}
	sum := p.Close()
	if err := sum.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func options(t *testing.T, o *replay.Options, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch part := strings.Split(rest, ":"); {
		case word == "in":
			o.In = rest
		case word == "helper" && len(part) == 3:
			proto, err1 := strconv.Atoi(part[1])
			port, err2 := strconv.Atoi(part[2])
			if err1 != nil || err2 != nil {
				t.Fatal(line)
			}
			o.Helpers = append(o.Helpers, replay.Binding{Helper: part[0], Proto: uint8(proto), Port: uint16(port)})
		default:
			t.Fatal(line)
		}
	}
}

// parseFrames reads the lines of a story.
func parseFrames(t *testing.T, text string) []pcaptest.Frame {
	t.Helper()
	var frames []pcaptest.Frame
	now := time.Duration(0)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		at, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		d, err := time.ParseDuration(strings.TrimPrefix(at, "+"))
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if at[0] == '+' {
			d += now
		}
		now = d
		f := pcaptest.Frame{At: d}
		snap := 0
		if words := strings.SplitN(rest, " ", 3); words[0] == "snap" {
			if snap, err = strconv.Atoi(words[1]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			rest = words[2]
		}
		if f.Data, _, err = packettest.Build(rest); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f.Length = len(f.Data); snap != 0 {
			f.Data = f.Data[:snap]
		}
		frames = append(frames, f)
	}
	return frames
}

// TestJSON holds the names of the fields.
func TestJSON(t *testing.T) {
	frames := parseFrames(t, `
0s udp 10.1.0.2:50000 > 10.2.0.2:69 hex 000161006f6374657400
0s udp 10.2.0.2:4000 > 10.1.0.2:50000 hex 00030001
1s gre 10.1.0.2 > 10.2.0.2 call 7 ack 1
2s icmp 10.1.0.2 > 224.0.0.1 echo id 1 seq 1
`)
	var out strings.Builder
	enc := json.NewEncoder(&out)
	p, err := replay.New(replay.Options{Emit: func(e *replay.Event) {
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Play("a.pcap", bytes.NewReader(pcaptest.Classic(binary.BigEndian, false, 1, frames...))); err != nil {
		t.Fatal(err)
	}
	want := `{"event":"session","file":"a.pcap","frame":1,"time":0,"session":1,"helper":"tftp","proto":"udp","src":"10.1.0.2","sport":50000,"dst":"10.2.0.2","dport":69}
{"event":"expect","file":"a.pcap","frame":1,"time":0,"session":1,"helper":"tftp","proto":"udp","src":"10.2.0.2","dst":"10.1.0.2","dport":50000}
{"event":"child","file":"a.pcap","frame":2,"time":0,"session":2,"master":1,"helper":"tftp","proto":"udp","src":"10.2.0.2","sport":4000,"dst":"10.1.0.2","dport":50000}
{"event":"session","file":"a.pcap","frame":3,"time":1,"session":3,"proto":"gre","src":"10.1.0.2","dst":"10.2.0.2"}
{"event":"drop","file":"a.pcap","frame":4,"time":2,"proto":"icmp","src":"10.1.0.2","dst":"224.0.0.1","reason":"multicast"}
`
	if out.String() != want {
		t.Errorf("got\n%s\nexpected\n%s", &out, want)
	}
	sum, err := json.Marshal(p.Close())
	if want := `{"event":"summary","files":1,"frames":4,"seconds":2,"forwarded":3,"held":0,"answered":0,"dropped":1,"drops":{"multicast":1},"neighbour":0,"sent":0,"cut":0,"completed":0,"resent":0,"sessions":2,"children":1,"live":3,"expected":1,"unused":0,"waiting":0,"refused":0,"detached":0}`; err != nil || string(sum) != want {
		t.Errorf("%s, %v\nexpected %s", sum, err, want)
	}
}

// TestSeveralFiles goes on in time and with the sessions from one file to the next.
func TestSeveralFiles(t *testing.T) {
	var said []string
	p, err := replay.New(replay.Options{Emit: func(e *replay.Event) { said = append(said, fmt.Sprintf("%s:%v", e.File, e)) }})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"0s udp 10.1.0.2:5 > 10.2.0.2:54", "3s udp 10.2.0.2:54 > 10.1.0.2:5\n2s udp 10.1.0.2:6 > 10.2.0.2:54"} {
		file := pcaptest.Sections(binary.BigEndian, 1, parseFrames(t, text)...)
		if i == 1 {
			file = append(file, "torn"...)
		}
		if err := p.Play(fmt.Sprint(i), bytes.NewReader(file)); (err != nil) != (i == 1) {
			t.Error(err)
		}
	}
	want := "0:     1     0.000000  session  #1  udp 10.1.0.2:5 > 10.2.0.2:54\n" +
		"1:     2     3.000000  session  #2  udp 10.1.0.2:6 > 10.2.0.2:54"
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("got\n%s\nexpected\n%s", got, want)
	}
	if s := p.Close(); s.Files != 2 || s.Frames != 3 || s.Forwarded != 3 || s.Seconds != 3 || s.Late != 1 {
		t.Errorf("%+v", s)
	}
}

// TestUnread counts what is on a link that is not read.
func TestUnread(t *testing.T) {
	p, err := replay.New(replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Play("usb", bytes.NewReader(pcaptest.Classic(binary.BigEndian, false, 189, pcaptest.Frame{Data: []byte("usb")}))); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s := p.Close()
	if err := s.Write(&out); err != nil || !strings.Contains(out.String(), "\nnote          1 frames of link type 189, which is not read: passed over\n") {
		t.Errorf("%s, %v", &out, err)
	}
}

func TestOptions(t *testing.T) {
	for want, o := range map[string]replay.Options{
		`helper "nosuch": not built in: expected one of amanda, `:         {Helpers: []replay.Binding{{Helper: "nosuch", Proto: 6, Port: 1}}},
		`helper "tftp" does not read protocol 6: expected 17`:             {Helpers: []replay.Binding{{Helper: "tftp", Proto: 6, Port: 69}}},
		`interface "port9": not configured: expected one of capture`:      {In: "port9"},
		`system interface: expected at least one for frames to arrive by`: {Config: &config.Config{}},
	} {
		if _, err := replay.New(o); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v\nexpected %s", err, want)
		}
	}
}

// FuzzPlay wants that no frame, of whatever link and however cut, does more than
// die.
func FuzzPlay(f *testing.F) {
	for _, text := range []string{"tcp 10.1.0.2:40000 > 10.2.0.2:21 S seq 1", "udp [fd01::2]:5 > [fd02::2]:69 hex 000161006f6374657400", "udp 10.1.0.2:1 > 10.2.0.2:2 part 0-8 len 40"} {
		f.Add(packettest.Frame(text), uint16(1), uint16(200))
		f.Add(packettest.Frame(text)[14:], uint16(101), uint16(30))
	}
	f.Fuzz(func(t *testing.T, data []byte, link, snap uint16) {
		frame := pcaptest.Frame{Data: data[:min(len(data), int(snap))], Length: len(data)}
		p, err := replay.New(replay.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Play("x", bytes.NewReader(pcaptest.Classic(binary.LittleEndian, false, uint32(link), frame, frame))); err != nil {
			t.Fatal(err)
		}
		s := p.Close()
		known := 0
		for _, n := range s.Links {
			known += n
		}
		if n := known - s.Resent + s.Neighbour + s.Sent + s.Forwarded + s.Held + s.Answered + s.Dropped; n != 2 {
			t.Fatalf("%d of 2 frames accounted for: %+v", n, s)
		}
	})
}
