package sip

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
)

// TestCaptures reads captures of real calls over UDP, where they are at hand, and
// compares the media that is announced with what is known to be in them.
func TestCaptures(t *testing.T) {
	const folder = "../../../shared/captures"
	rows, err := os.ReadFile(filepath.Join(folder, "TRUTH.tsv"))
	if err != nil {
		t.Skip("no captures beside the repository: ", err)
	}
	want := map[string][]string{}
	for _, row := range strings.Split(string(rows), "\n") {
		if f := strings.Split(row, "\t"); len(f) >= 8 && strings.HasPrefix(f[0], "sip/") {
			src, _, _ := strings.Cut(f[3], ">")
			want[f[0]] = append(want[f[0]], src+" "+f[6]+":"+f[7])
		}
	}
	// In these Content-Length ends the message before its m-lines; what is behind is
	// discarded (RFC 3261 section 18.3).
	for _, cut := range []string{"sip/suri_sip_sdp.pcap", "sip/suri_sip_compact_headers.pcap"} {
		delete(want, cut)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "sip", "*.pcap"))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := &replay{flows: map[[2]netip.AddrPort]*flow{}}
			frames(data, r.frame)
			known := want["sip/"+filepath.Base(file)]
			for _, w := range known {
				if !slices.Contains(r.seen, w) {
					t.Errorf("missed %s", w)
				}
			}
			for _, s := range r.seen {
				if !slices.Contains(known, s) {
					t.Errorf("announced too much: %s", s)
				}
			}
		})
	}
}

// frames calls f for each frame of a classic little-endian capture of Ethernet.
func frames(data []byte, f func([]byte)) {
	if len(data) < 24 || binary.LittleEndian.Uint32(data) != 0xa1b2c3d4 {
		return
	}
	for data = data[24:]; len(data) >= 16; {
		n := min(int(binary.LittleEndian.Uint32(data[8:])), len(data)-16)
		f(data[16 : 16+n])
		data = data[16+n:]
	}
}

type flow struct {
	state  helpers.State
	client netip.AddrPort
	gone   bool
}

// replay is an announcer that opens everything, for all control sessions.
type replay struct {
	flows map[[2]netip.AddrPort]*flow
	out   helpers.Output
	src   netip.AddrPort
	seen  []string
}

func (r *replay) Announce(_ packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	if e.Helped {
		return e.Endpoint, true
	}
	r.seen = append(r.seen, fmt.Sprint(r.src, " ", e.Endpoint))
	if e.Pair {
		r.seen = append(r.seen, fmt.Sprint(r.src, " ", netip.AddrPortFrom(e.Endpoint.Addr(), e.Endpoint.Port()+1)))
	}
	return e.Endpoint, true
}
func (r *replay) Cancel()                                                      {}
func (r *replay) CancelTag(uint32)                                             {}
func (r *replay) EndTag(uint32)                                                {}
func (r *replay) Answer([]byte)                                                {}
func (r *replay) Renew(uint32, time.Duration)                                  {}
func (r *replay) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) { return ap, true }
func (r *replay) MayRewrite(packet.Dir) bool                                   { return false }

// frame reads a datagram of IPv4 to or from a port that SIP is known to be on.
func (r *replay) frame(b []byte) {
	if len(b) < 42 || binary.BigEndian.Uint16(b[12:]) != 0x0800 || b[23] != packet.ProtoUDP {
		return
	}
	l3 := b[14:min(len(b), 14+int(binary.BigEndian.Uint16(b[16:])))]
	udp := l3[int(l3[0]&15)*4:]
	d := helpers.Datagram{
		Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte(l3[12:])), binary.BigEndian.Uint16(udp)),
		Dst: netip.AddrPortFrom(netip.AddrFrom4([4]byte(l3[16:])), binary.BigEndian.Uint16(udp[2:])), Payload: udp[8:],
	}
	if p, q := d.Src.Port(), d.Dst.Port(); p != 5060 && p != 5061 && q != 5060 && q != 5061 {
		return
	}
	key := [2]netip.AddrPort{d.Src, d.Dst}
	if d.Src.Compare(d.Dst) > 0 {
		key = [2]netip.AddrPort{d.Dst, d.Src}
	}
	fl := r.flows[key]
	if fl == nil {
		fl = &flow{client: d.Src}
		r.flows[key] = fl
	}
	if fl.gone {
		return
	}
	if d.Src != fl.client {
		d.Dir = packet.Reply
	}
	r.src = d.Src
	helpers.ReadDatagram(&Helper, &fl.state, &d, r, &r.out)
	fl.gone = r.out.Detached
}

// TestAllocations: reading costs no memory.
func TestAllocations(t *testing.T) {
	d := testCase{text: offer + answer}.dialogue(packet.ProtoUDP)
	var st helpers.State
	var f helpers.Findings
	segs := []helpers.Segment{
		{Dir: packet.Original, Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Src: d.Client, Dst: d.Server, Final: true, State: &st},
		{Dir: packet.Reply, Proto: packet.ProtoUDP, Data: []byte(d.Turns[1].Text), Src: d.Server, Dst: d.Client, Final: true, State: &st},
	}
	if n := testing.AllocsPerRun(100, func() {
		for i := range segs {
			f.Reset()
			inspect(&segs[i], &f)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInvite(b *testing.B) {
	d := testCase{text: offer}.dialogue(packet.ProtoUDP)
	var st helpers.State
	var f helpers.Findings
	seg := helpers.Segment{Proto: packet.ProtoUDP, Data: []byte(d.Turns[0].Text), Src: d.Client, Dst: d.Server, Final: true, State: &st}
	for b.Loop() {
		f.Reset()
		inspect(&seg, &f)
	}
}
