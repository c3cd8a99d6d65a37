package ftp

import (
	"encoding/binary"
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

// TestCaptures replays captures of real sessions, where they are at hand, and
// compares what is announced with what is known to be in them.
func TestCaptures(t *testing.T) {
	const folder = "../../../shared/captures"
	rows, err := os.ReadFile(filepath.Join(folder, "TRUTH.tsv"))
	if err != nil {
		t.Skip("no captures beside the repository: ", err)
	}
	want := map[string][]string{}
	for _, row := range strings.Split(string(rows), "\n") {
		f := strings.Split(row, "\t")
		if len(f) < 8 || !strings.HasPrefix(f[0], "ftp/") {
			continue
		}
		ends := strings.Split(f[3], ">")
		ip := netip.MustParseAddr(f[6])
		want[f[0]] = append(want[f[0]], ends[0]+" "+ip.String()+" "+f[7])
	}
	files, _ := filepath.Glob(filepath.Join(folder, "ftp", "*.pcap"))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := &replay{t: t, flows: map[[2]netip.AddrPort]*flow{}}
			frames(data, r.frame)
			known := want["ftp/"+filepath.Base(file)]
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
		n := int(binary.LittleEndian.Uint32(data[8:]))
		data = data[16:]
		n = min(n, len(data))
		f(data[:n])
		data = data[n:]
	}
}

type flow struct {
	ctl    helpers.Control
	client netip.AddrPort
}

// replay is an announcer that opens everything, for all control sessions.
type replay struct {
	t     *testing.T
	flows map[[2]netip.AddrPort]*flow
	out   helpers.Output
	src   netip.AddrPort
	seen  []string
}

func (r *replay) Announce(_ packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	s := strings.Trim(r.src.String(), "[]")
	if r.src.Addr().Is6() {
		s = r.src.Addr().String() + s[strings.LastIndexByte(s, ':'):]
	}
	s += " " + e.Endpoint.Addr().String() + " " + e.Endpoint.String()[strings.LastIndexByte(e.Endpoint.String(), ':')+1:]
	r.seen = append(r.seen, s)
	return e.Endpoint, true
}
func (r *replay) Cancel()                                                      {}
func (r *replay) CancelTag(uint32)                                             {}
func (r *replay) EndTag(uint32)                                                {}
func (r *replay) Answer([]byte)                                                {}
func (r *replay) Renew(uint32, time.Duration)                                  {}
func (r *replay) Known(_ packet.Dir, ap netip.AddrPort) (netip.AddrPort, bool) { return ap, true }
func (r *replay) MayRewrite(packet.Dir) bool                                   { return false }

func (r *replay) frame(b []byte) {
	if len(b) < 34 {
		return
	}
	var src, dst netip.Addr
	l3 := b[14:]
	switch binary.BigEndian.Uint16(b[12:]) {
	case 0x0800:
		if l3[9] != packet.ProtoTCP {
			return
		}
		src, dst = netip.AddrFrom4([4]byte(l3[12:])), netip.AddrFrom4([4]byte(l3[16:]))
		l3 = l3[int(l3[0]&15)*4 : min(len(l3), int(binary.BigEndian.Uint16(l3[2:])))]
	case 0x86dd:
		if len(l3) < 60 || l3[6] != packet.ProtoTCP {
			return
		}
		src, dst = netip.AddrFrom16([16]byte(l3[8:])), netip.AddrFrom16([16]byte(l3[24:]))
		l3 = l3[40:min(len(l3), 40+int(binary.BigEndian.Uint16(l3[4:])))]
	default:
		return
	}
	if len(l3) < 20 || len(l3) < int(l3[12]>>4)*4 {
		return
	}
	r.segment(l3, src, dst)
}

func (r *replay) segment(tcp []byte, src, dst netip.Addr) {
	seg := helpers.TCPSegment{
		Src: netip.AddrPortFrom(src, binary.BigEndian.Uint16(tcp)),
		Dst: netip.AddrPortFrom(dst, binary.BigEndian.Uint16(tcp[2:])),
		Seq: binary.BigEndian.Uint32(tcp[4:]), Ack: binary.BigEndian.Uint32(tcp[8:]),
		Flags: tcp[13], Payload: tcp[int(tcp[12]>>4)*4:],
	}
	key := [2]netip.AddrPort{seg.Src, seg.Dst}
	if seg.Src.Compare(seg.Dst) > 0 {
		key = [2]netip.AddrPort{seg.Dst, seg.Src}
	}
	fl := r.flows[key]
	if seg.Flags&(packet.TCPSyn|packet.TCPAck) == packet.TCPSyn && (fl == nil || seg.Dst.Port() == 21) {
		fl = &flow{client: seg.Src}
		fl.ctl.Reset(&Helper)
		r.flows[key] = fl
	}
	if fl == nil {
		return
	}
	if seg.Src != fl.client {
		seg.Dir = packet.Reply
	}
	r.src = seg.Src
	fl.ctl.Segment(&seg, r, &r.out)
	if r.out.Detached && (seg.Src.Port() == 21 || seg.Dst.Port() == 21) {
		r.t.Logf("%v > %v: detached at %.40q: %s", seg.Src, seg.Dst, seg.Payload, r.out.Why)
	}
}
