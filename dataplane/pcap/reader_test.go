package pcap_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/dataplane/pcap"
	"portcullis/dataplane/pcap/pcaptest"
)

var little, big = binary.LittleEndian, binary.BigEndian

// read lists the frames of a file, and what it ends with.
func read(file []byte) (lines []string, err error) {
	r, err := pcap.NewReader("x", bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	var f pcap.Frame
	for {
		if err = r.Next(&f); err != nil {
			break
		}
		at := "never"
		if !f.Time.IsZero() {
			at = f.Time.Sub(pcaptest.Begin).String()
		}
		lines = append(lines, fmt.Sprintf("%d %s %s %d %q", f.Number, at, strings.TrimPrefix(f.Link.String(), "link type "), f.Length, f.Data))
	}
	if again := r.Next(&f); again != err {
		return lines, fmt.Errorf("after %v: %v", err, again)
	}
	if err == io.EOF {
		err = nil
	}
	return lines, err
}

var two = []pcaptest.Frame{{Data: []byte("one")}, {At: 1500*time.Millisecond + 7*time.Microsecond, Data: []byte("two"), Length: 60}}

func packed(file []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(file)
	z.Close()
	return b.Bytes()
}

func TestReader(t *testing.T) {
	usual := []string{`1 0s 1 3 "one"`, `2 1.500007s 1 60 "two"`}
	micro := uint64(pcaptest.Begin.UnixMicro())
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"little":        {pcaptest.Classic(little, false, 1, two...), usual},
		"big":           {pcaptest.Classic(big, false, 1, two...), usual},
		"nano":          {pcaptest.Classic(little, true, 1, pcaptest.Frame{At: 1, Data: []byte("a")}), []string{`1 1ns 1 1 "a"`}},
		"flags of link": {pcaptest.Classic(big, true, 0x2400_0114, two[0]), []string{`1 0s 276 3 "one"`}},
		"empty":         {pcaptest.Classic(little, false, 1), nil},
		"gzip":          {packed(pcaptest.Classic(little, false, 1, two...)), usual},
		"ng little":     {pcaptest.Sections(little, 1, two...), usual},
		"ng big":        {pcaptest.Sections(big, 1, two...), usual},
		"ng gzip":       {packed(pcaptest.Sections(big, 1, two...)), usual},
		"ng empty":      {pcaptest.Section(big), nil},
		"ng sections of both orders, interfaces of their own": {slices.Concat(
			pcaptest.Section(little),
			pcaptest.Interface(little, 1, 0, 9), pcaptest.Interface(little, 101, 0, 0x80|10),
			pcaptest.Packet(little, 1, uint64(pcaptest.Begin.Unix())<<10+512, two[0]),
			pcaptest.Packet(little, 0, uint64(pcaptest.Begin.UnixNano())+3, two[1]),
			pcaptest.Block(little, 5, []byte("statistics of an interface")),
			pcaptest.Section(big),
			pcaptest.Interface(big, 113, 2, 0),
			pcaptest.Block(big, 3, append(big.AppendUint32(nil, 70), "snap"...)),
			pcaptest.Packet(big, 0, micro, two[0]),
		), []string{`1 500ms 101 3 "one"`, `2 3ns 1 60 "two"`, `3 3ns 113 70 "sn"`, `4 0s 113 3 "one"`}},
		"ng simple without a time, a journal entry, the old packet": {slices.Concat(
			pcaptest.Section(little), pcaptest.Interface(little, 1, 0, 0),
			pcaptest.Block(little, 3, append(little.AppendUint32(nil, 3), "one"...)),
			pcaptest.Block(little, 9, []byte("MESSAGE=x\n")),
			pcaptest.Block(little, 2, slices.Concat([]byte{0, 0, 9, 9}, little.AppendUint32(nil, uint32(micro>>32)), little.AppendUint32(nil, uint32(micro)),
				little.AppendUint32(nil, 1), little.AppendUint32(nil, 1), []byte("z"))),
		), []string{`1 never 1 3 "one"`, `2 never 65535 0 ""`, `3 0s 1 1 "z"`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(c.file)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v\nexpected %q", got, err, c.want)
			}
		})
	}
}

// TestBroken wants the place of a fault, and what came before it.
func TestBroken(t *testing.T) {
	classic, ng := pcaptest.Classic(little, false, 1, two...), pcaptest.Sections(big, 1, two...)
	poke := func(file []byte, at int, b ...byte) []byte {
		file = slices.Clone(file)
		copy(file[at:], b)
		return file
	}
	for name, c := range map[string]struct {
		file   []byte
		frames int
		want   string
	}{
		"empty":               {nil, 0, "x: frame 1, at byte 0: the file ends here: expected a capture (pcap or pcapng)"},
		"text":                {[]byte("hello"), 0, "x: frame 1, at byte 0: expected a capture (pcap or pcapng), found the bytes 68 65 6c 6c"},
		"zstd":                {[]byte("\x28\xb5\x2f\xfd...."), 0, "x: frame 1, at byte 0: expected a capture (pcap or pcapng), found a file compressed with zstd: decompress it first"},
		"bzip2":               {[]byte("BZh91AY"), 0, "x: frame 1, at byte 0: expected a capture (pcap or pcapng), found a file compressed with bzip2: decompress it first"},
		"snoop":               {[]byte("snoop\x00\x00\x00"), 0, "x: frame 1, at byte 0: expected a capture (pcap or pcapng), found a capture of snoop: editcap"},
		"header cut":          {classic[:20], 0, "x: frame 1, at byte 0: the file ends here: expected 24 bytes of a file header, found 20"},
		"version":             {poke(classic, 4, 9), 0, "x: frame 1, at byte 0: version 9.4: expected 2.x"},
		"record cut":          {classic[:len(classic)-1], 1, "x: frame 2, at byte 43: the file ends here: expected 3 bytes of a frame, found 2"},
		"record header cut":   {classic[:50], 1, "x: frame 2, at byte 43: the file ends here: expected 16 bytes of a record header, found 7"},
		"too long":            {poke(classic, 43+8, 0, 0, 0, 0x7f), 1, "x: frame 2, at byte 43: a frame of 2130706432 bytes: expected at most 262144"},
		"gzip cut":            {packed(classic)[:40], 1, "x: frame 2, at byte 43: the file ends here: expected 16 bytes of a record header"},
		"gzip broken":         {[]byte{0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 0, "x: frame 1, at byte 0: gzip"},
		"ng order":            {poke(ng, 8, 1, 2, 3, 4), 0, "x: frame 1, at byte 0: a section of byte order 01 02 03 04: expected 1a 2b 3c 4d, either way round"},
		"ng version":          {poke(ng, 12, 0, 7), 0, "x: frame 1, at byte 0: version 7.0: expected 1.x"},
		"ng block of 5":       {poke(ng, 28+4, 0, 0, 0, 5), 0, "x: frame 1, at byte 28: a block of 5 bytes: expected at least 12, and a multiple of 4"},
		"ng end":              {poke(ng, len(ng)-1, 99), 1, "x: frame 2, at byte 84: a block of 36 bytes ends as one of 99"},
		"ng frame too large":  {poke(ng, 48+20, 0, 0, 0, 9), 0, "x: frame 1, at byte 48: a frame of 9 bytes in a block with room for 4"},
		"ng no interface":     {poke(ng, 84+8, 0, 0, 0, 1), 1, "x: frame 2, at byte 84: interface 1: the section has 1"},
		"ng cut in a block":   {ng[:90], 1, "x: frame 2, at byte 84: the file ends here: expected 8 bytes of a block header, found 6"},
		"ng short packet":     {append(pcaptest.Section(big), pcaptest.Block(big, 6, []byte("abcd"))...), 0, "x: frame 1, at byte 28: a packet of 4 bytes: expected at least 20"},
		"ng clock":            {append(pcaptest.Section(big), pcaptest.Interface(big, 1, 0, 20)...), 0, "x: frame 1, at byte 28: if_tsresol 0x14: expected a clock of at most 2^63 ticks a second"},
		"ng option":           {append(pcaptest.Section(big), pcaptest.Block(big, 1, []byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 7, 1, 2, 3, 4})...), 0, "x: frame 1, at byte 28: option 9 of 7 bytes: expected at most 4"},
		"ng block of 4 GiB":   {append(pcaptest.Section(big), 0, 0, 0, 99, 0xff, 0xff, 0xff, 0xfc), 0, "x: frame 1, at byte 28: the file ends here: expected 4294967280 bytes of a block, found 0"},
		"ng giant interface":  {append(pcaptest.Section(big), 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfc, 0, 1, 0, 0, 0, 0, 0, 0), 0, "x: frame 1, at byte 28: interface 0, described in 4294967272 bytes"},
		"second section torn": {append(pcaptest.Sections(little, 1, two[0]), 0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28), 1, "x: frame 2, at byte 84: the file ends here: expected a section header"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(c.file)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || len(got) != c.frames {
				t.Errorf("%d frames, %v\nexpected %d, %s", len(got), err, c.frames, c.want)
			}
			var place *pcap.Error
			if !errors.As(err, &place) || place.Frame != c.frames+1 {
				t.Errorf("%v: expected the place", err)
			}
		})
	}
}

// FuzzReader wants that no file takes more than it holds, and that all of what is
// read can be made a frame of Ethernet.
func FuzzReader(f *testing.F) {
	f.Add(pcaptest.Classic(little, false, 1, two...))
	f.Add(pcaptest.Classic(big, true, 276, two...))
	f.Add(pcaptest.Sections(little, 113, two...))
	f.Add(slices.Concat(pcaptest.Section(big), pcaptest.Interface(big, 105, 64, 0x81), pcaptest.Block(big, 3, append(big.AppendUint32(nil, 70), "snap"...))))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1 && file[0] == 0x1f && file[1] == 0x8b {
			return // a small file may hold a very large one, and takes its time
		}
		r, err := pcap.NewReader("x", bytes.NewReader(file))
		if err != nil {
			return
		}
		var fr pcap.Frame
		sum := 0
		for n := 1; ; n++ {
			if err := r.Next(&fr); err != nil {
				break
			}
			if fr.Number != n || fr.Length < len(fr.Data) {
				t.Fatalf("frame %d of %d bytes, %d of them: number %d", n, fr.Length, len(fr.Data), fr.Number)
			}
			if sum += len(fr.Data); sum > len(file) {
				t.Fatalf("%d bytes of frames in a file of %d", sum, len(file))
			}
			frame, ok := pcap.Ethernet(nil, &fr)
			if ok != fr.Link.Known() || ok && (len(frame) < 14 || len(frame) > 14+len(fr.Data)) {
				t.Fatalf("%v: %v, a frame of %d bytes from %d", fr.Link, ok, len(frame), len(fr.Data))
			}
		}
	})
}
