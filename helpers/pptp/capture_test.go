package pptp

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

// TestCaptures replays captures of real sessions, where they are at hand, and
// compares the ways that are expected with what is known to be in them.
func TestCaptures(t *testing.T) {
	const folder = "../../../shared/captures"
	rows, err := os.ReadFile(filepath.Join(folder, "TRUTH.tsv"))
	if err != nil {
		t.Skip("no captures beside the repository: ", err)
	}
	want := map[string][]string{}
	for _, row := range strings.Split(string(rows), "\n") {
		if f := strings.Split(row, "\t"); len(f) >= 8 && f[2] == "pptp" {
			want[f[0]] = append(want[f[0]], fmt.Sprintf("%s > %s call %s", f[5], f[6], f[7]))
		}
	}
	for name, known := range want {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		var r replay
		r.ctl.Reset(&Helper)
		frames(data, r.frame)
		slices.Sort(known)
		slices.Sort(r.seen)
		if !slices.Equal(r.seen, known) {
			t.Errorf("%s: expected %q, want %q", name, r.seen, known)
		}
	}
}

// frames calls f for each frame of a classic capture of Ethernet.
func frames(data []byte, f func([]byte)) {
	var order binary.ByteOrder = binary.BigEndian
	if len(data) < 24 || order.Uint32(data) != 0xa1b2c3d4 {
		order = binary.LittleEndian
	}
	for data = data[min(24, len(data)):]; len(data) >= 16; {
		n := min(int(order.Uint32(data[8:])), len(data)-16)
		f(data[16 : 16+n])
		data = data[16+n:]
	}
}

// replay is an announcer that opens every call of one control session.
type replay struct {
	ctl    helpers.Control
	out    helpers.Output
	client netip.AddrPort
	seg    helpers.TCPSegment
	seen   []string
}

func (r *replay) Announce(_ packet.Dir, e helpers.Expect) (netip.AddrPort, bool) {
	if e.Call == helpers.CallAnswer {
		here, there := r.seg.Src.Addr(), r.seg.Dst.Addr()
		r.seen = append(r.seen, fmt.Sprintf("%v > %v call %d", there, here, e.Endpoint.Port()), fmt.Sprintf("%v > %v call %d", here, there, e.PeerPort))
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

func (r *replay) frame(b []byte) {
	if len(b) < 54 || binary.BigEndian.Uint16(b[12:]) != 0x0800 || b[14+9] != packet.ProtoTCP {
		return
	}
	ip := b[14:]
	tcp := ip[int(ip[0]&15)*4 : int(binary.BigEndian.Uint16(ip[2:]))]
	r.seg = helpers.TCPSegment{
		Src: netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:])), binary.BigEndian.Uint16(tcp)),
		Dst: netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:])), binary.BigEndian.Uint16(tcp[2:])),
		Seq: binary.BigEndian.Uint32(tcp[4:]), Ack: binary.BigEndian.Uint32(tcp[8:]),
		Flags: tcp[13], Payload: tcp[int(tcp[12]>>4)*4:],
	}
	if !r.client.IsValid() {
		r.client = r.seg.Src
	}
	if r.seg.Src != r.client {
		r.seg.Dir = packet.Reply
	}
	r.ctl.Segment(&r.seg, r, &r.out)
}
