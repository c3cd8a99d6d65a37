package packet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"portcullis/packet"
	"portcullis/packet/packettest"
)

// reassemble puts fragments together again, as a receiver does (RFC 791 section
// 3.2).
func reassemble(t *testing.T, frames [][]byte, mtu int) (body []byte, more bool) {
	t.Helper()
	more = true
	first := -1
	for i, frame := range frames {
		var p packet.Packet
		if why := p.Parse(frame, packet.Offload{}); why != packet.ReasonNone {
			t.Fatalf("fragment %d: %v", i, why)
		}
		if n := len(p.Frame) - int(p.L3); n > mtu {
			t.Fatalf("fragment %d has %d bytes", i, n)
		}
		field := binary.BigEndian.Uint16(p.Frame[p.L3+6:])
		if first < 0 {
			first = int(field&0x1fff) * 8
		}
		if at := int(field&0x1fff)*8 - first; at != len(body) {
			t.Fatalf("fragment %d begins at %d, expected %d", i, at, len(body))
		}
		body = append(body, p.Frame[p.L4:]...)
		more = field&0x2000 != 0
		if !more && i != len(frames)-1 {
			t.Fatalf("fragment %d says that it is the last", i)
		}
	}
	return body, more
}

func cut(p *packet.Packet, mtu int) (frames [][]byte, ok bool) {
	ok = packet.Fragment(p, mtu, func(f []byte) { frames = append(frames, append([]byte(nil), f...)) })
	return frames, ok
}

func TestFragment(t *testing.T) {
	for _, line := range []string{
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 3000 ipid 7 tos 4",
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 3000 partial vlan 5",
		"tcp 10.0.0.1:1 > 10.0.0.2:2 A len 2000 ts 1/2 ipopt 94040000",
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 3000 ipopt 07070400000000010194040000000000",
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 1472 frag 0+",
		"udp 10.0.0.1 > 10.0.0.2 len 999 frag 100",
		"udp 10.0.0.1 > 10.0.0.2 len 1000 frag 100+",
	} {
		for _, mtu := range []int{68, 100, 576, 1001, 1280, 5000} {
			p := packettest.Packet(line)
			frames, ok := cut(p, mtu)
			if !ok {
				t.Fatalf("%s: mtu %d: refused", line, mtu)
			}
			body, more := reassemble(t, frames, mtu)
			if !bytes.Equal(body, p.Frame[p.L4:]) {
				t.Errorf("%s: mtu %d: another body", line, mtu)
			}
			if want := line[len(line)-1] == '+'; more != want {
				t.Errorf("%s: mtu %d: more fragments: %v", line, mtu, more)
			}
			if !p.Frag && !p.ChecksumOK() {
				t.Errorf("%s: the checksum was not completed", line)
			}
			if !bytes.Equal(frames[0][:p.L3], p.Frame[:p.L3]) {
				t.Errorf("%s: another link header", line)
			}
		}
	}
}

// TestFragment6: every fragment repeats the headers that routers read, then says
// where it belongs. That the parts are those of the packet is tested where they
// are put together again (packet/reassembly).
func TestFragment6(t *testing.T) {
	for _, c := range []struct {
		line string
		mtu  int
		want []string
	}{
		{"udp [fd00::1]:1 > [fd00::2]:2 len 100 tos 5 ttl 9", 110, []string{
			"udp [fd00::1]:1 > [fd00::2]:2 len 48 ttl 9 tos 5 frag 0+ ipid 70000",
			"udp fd00::1 > fd00::2 len 52 from 22 ttl 9 tos 5 frag 7 ipid 70000",
		}},
		{"udp [fd00::1]:1 > [fd00::2]:2 len 40 ext 0 ext 60 ext 43 ext 60", 96, []string{
			"ip-60 fd00::1 > fd00::2 frag 0+ ipid 70000", "ip-60 fd00::1 > fd00::2 frag 3+ ipid 70000", "ip-60 fd00::1 > fd00::2 frag 6 ipid 70000",
		}},
		{"udp [fd00::1]:1 > [fd00::2]:2 len 40", 88, []string{"udp [fd00::1]:1 > [fd00::2]:2 len 40"}},
	} {
		p := packettest.Packet(c.line)
		p.SetIdentification(70000)
		frames, ok := cut(p, c.mtu)
		if !ok || len(frames) != len(c.want) {
			t.Errorf("%s: %v, %d fragments", c.line, ok, len(frames))
			continue
		}
		for i, frame := range frames {
			var f packet.Packet
			if why := f.Parse(frame, packet.Offload{}); why != packet.ReasonNone || len(f.Frame)-int(f.L3) > c.mtu || len(f.Frame) != len(frame) {
				t.Errorf("%s: fragment %d: %v, %d bytes", c.line, i, why, len(f.Frame))
			}
			got := packettest.Text(&f)
			if f.Key.Proto == 60 { // what its body holds is not told
				got = fmt.Sprintf("ip-60 fd00::1 > fd00::2 %s", got[strings.Index(got, "frag "):])
				if n := f.L4 - f.L3; n != 40+8+8+8+8 {
					t.Errorf("%s: fragment %d: %d bytes of headers", c.line, i, n)
				}
			}
			if got != c.want[i] {
				t.Errorf("%s: fragment %d: %s\nexpected %s", c.line, i, got, c.want[i])
			}
		}
	}
}

// TestFragmentOptions: only options with the copied flag are in the later
// fragments (RFC 791 section 3.1).
func TestFragmentOptions(t *testing.T) {
	p := packettest.Packet("udp 10.0.0.1:1 > 10.0.0.2:2 len 100 ipopt 0704040094040000")
	frames, _ := cut(p, 68)
	for i, want := range []string{"0704040094040000", "94040000", "94040000"} {
		var f packet.Packet
		f.Parse(frames[i], packet.Offload{})
		if got := fmt.Sprintf("%x", f.Frame[f.L3+20:f.L4]); got != want {
			t.Errorf("fragment %d has options %s, expected %s", i, got, want)
		}
	}
}

func TestFragmentRefuses(t *testing.T) {
	for line, mtu := range map[string]int{
		"udp [fd00::1]:1 > [fd00::2]:2 len 3000 frag 0":             1280,
		"udp [fd00::1]:1 > [fd00::2]:2 len 3000 ext 0":              63,
		"tcp 10.0.0.1:1 > 10.0.0.2:2 A len 3000 partial gso 1000":   1500,
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 30":                        27,
		"udp 10.0.0.1:1 > 10.0.0.2:2 len 30 ipopt 9404000001010101": 35,
	} {
		if frames, ok := cut(packettest.Packet(line), mtu); ok || len(frames) > 0 {
			t.Errorf("%s: cut to %d bytes", line, mtu)
		}
	}
}
