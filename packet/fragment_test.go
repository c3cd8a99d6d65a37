package packet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
