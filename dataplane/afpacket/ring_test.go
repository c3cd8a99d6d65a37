package afpacket

import (
	"bytes"
	"encoding/binary"
	"testing"

	"portcullis/dataplane"
	"portcullis/packet"

	"golang.org/x/sys/unix"
)

const testMac = 82 // what the kernel chooses for an Ethernet device with our reserve

// fill does what the kernel does to a slot.
func fill(slot, frame []byte, off packet.Offload, status uint32) {
	ne := binary.NativeEndian
	ne.PutUint32(slot[slotLen:], uint32(len(frame)))
	ne.PutUint32(slot[slotSnap:], uint32(len(frame)))
	ne.PutUint16(slot[slotMac:], testMac)
	off.Encode(slot[testMac-packet.OffloadSize:])
	copy(slot[testMac:], frame)
	ne.PutUint32(slot[slotStatus:], status|unix.TP_STATUS_USER)
}

func testFrame(n int) []byte {
	f := make([]byte, n)
	for i := range f {
		f[i] = byte(i + 1)
	}
	return f
}

func TestDecodeSlot(t *testing.T) {
	off := packet.Offload{Flags: packet.OffloadNeedsCsum, GSO: packet.GSOTCPv4, HdrLen: 66, GSOSize: 1448, CsumStart: 34, CsumOffset: 16}
	slot := make([]byte, 4096)
	fill(slot, testFrame(1000), off, 0)
	b, f := decodeSlot(slot)
	if f != slotOK || !bytes.Equal(b.Frame(), testFrame(1000)) || b.Offload() != off {
		t.Errorf("fate %d, %d bytes, %+v", f, len(b), b.Offload())
	}
	if room := cap(b.Frame()) - len(b.Frame()); room != 4096-testMac-1000 {
		t.Errorf("room to grow: %d", room)
	}
}

func TestDecodeSlotTag(t *testing.T) {
	off := packet.Offload{Flags: packet.OffloadNeedsCsum, HdrLen: 66, CsumStart: 34, CsumOffset: 16}
	for _, tt := range []struct {
		status uint32
		tpid   uint16
	}{
		{unix.TP_STATUS_VLAN_VALID, 0x8100},
		{unix.TP_STATUS_VLAN_VALID | unix.TP_STATUS_VLAN_TPID_VALID, 0x88a8},
	} {
		slot, frame := make([]byte, 4096), testFrame(100)
		fill(slot, frame, off, tt.status)
		binary.NativeEndian.PutUint16(slot[slotVLAN:], 0x2064)
		binary.NativeEndian.PutUint16(slot[slotTPID:], 0x88a8)
		b, f := decodeSlot(slot)
		want := append(append(bytes.Clone(frame[:12]), byte(tt.tpid>>8), byte(tt.tpid), 0x20, 0x64), frame[12:]...)
		if f != slotOK || !bytes.Equal(b.Frame(), want) {
			t.Errorf("fate %d\ngot  %x\nwant %x", f, b.Frame(), want)
		}
		if o := b.Offload(); o.CsumStart != 38 || o.CsumOffset != 16 || o.HdrLen != 70 {
			t.Errorf("offload %+v", o)
		}
	}
}

func TestDecodeSlotBad(t *testing.T) {
	ne := binary.NativeEndian
	for name, tt := range map[string]struct {
		spoil func(slot []byte)
		want  fate
	}{
		"cut short":        {func(s []byte) { ne.PutUint32(s[slotLen:], 60000) }, slotTruncated},
		"mac in header":    {func(s []byte) { ne.PutUint16(s[slotMac:], 20) }, slotMalformed},
		"mac behind slot":  {func(s []byte) { ne.PutUint16(s[slotMac:], 0xffff) }, slotMalformed},
		"runt":             {func(s []byte) { ne.PutUint32(s[slotSnap:], 13); ne.PutUint32(s[slotLen:], 13) }, slotMalformed},
		"snap behind slot": {func(s []byte) { ne.PutUint32(s[slotSnap:], 5000); ne.PutUint32(s[slotLen:], 5000) }, slotMalformed},
		"snap overflows":   {func(s []byte) { ne.PutUint32(s[slotSnap:], 0xffffffff) }, slotMalformed},
		"no room for a tag": {func(s []byte) {
			ne.PutUint16(s[slotMac:], slotHeader+packet.OffloadSize)
			ne.PutUint32(s[slotStatus:], unix.TP_STATUS_VLAN_VALID)
		}, slotMalformed},
	} {
		slot := make([]byte, 4096)
		fill(slot, testFrame(100), packet.Offload{}, 0)
		tt.spoil(slot)
		if _, f := decodeSlot(slot); f != tt.want {
			t.Errorf("%s: fate %d, want %d", name, f, tt.want)
		}
	}
}

// TestRingLaps takes and releases through several laps, against a list.
func TestRingLaps(t *testing.T) {
	const slots = 7
	r := ring{mem: make([]byte, slots*4096), slots: slots, slotSize: 4096}
	var want []int
	batch := make([]dataplane.Buffer, 3)
	at, seen := 0, 0
	for lap := range 100 {
		for range lap % 5 {
			s := r.slot(at % slots)
			if binary.NativeEndian.Uint32(s) != 0 {
				break // full: the kernel drops
			}
			fill(s, testFrame(14+at), packet.Offload{}, 0)
			want = append(want, 14+at)
			at++
		}
		n := r.take(batch)
		for _, b := range batch[:n] {
			if len(b.Frame()) != want[seen] {
				t.Fatalf("frame %d: %d bytes, want %d", seen, len(b.Frame()), want[seen])
			}
			seen++
		}
		r.release()
	}
	if seen < 100 {
		t.Errorf("only %d frames went through", seen)
	}
}

func TestRingSkipsTruncated(t *testing.T) {
	r := ring{mem: make([]byte, 3*4096), slots: 3, slotSize: 4096}
	for i := range 3 {
		fill(r.slot(i), testFrame(100), packet.Offload{}, 0)
	}
	binary.NativeEndian.PutUint32(r.slot(1)[slotLen:], 9000)
	batch := make([]dataplane.Buffer, 8)
	if n := r.take(batch); n != 2 || r.truncated != 1 {
		t.Errorf("took %d, truncated %d", n, r.truncated)
	}
	r.release()
	for i := range 3 {
		if *r.status(i) != unix.TP_STATUS_KERNEL {
			t.Errorf("slot %d was not given back", i)
		}
	}
}

// FuzzDecodeSlot feeds slot headers that no kernel writes.
func FuzzDecodeSlot(f *testing.F) {
	slot := make([]byte, 256)
	fill(slot, testFrame(100), packet.Offload{}, unix.TP_STATUS_VLAN_VALID)
	f.Add(slot[:64])
	f.Fuzz(func(t *testing.T, header []byte) {
		slot := make([]byte, 256)
		copy(slot, header)
		b, fate := decodeSlot(slot)
		if fate != slotOK {
			return
		}
		if len(b) < packet.OffloadSize+packet.EthernetSize || cap(b) > len(slot)-slotHeader {
			t.Errorf("len %d, cap %d", len(b), cap(b))
		}
	})
}
