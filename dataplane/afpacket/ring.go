package afpacket

import (
	"encoding/binary"
	"sync/atomic"
	"unsafe"

	"portcullis/dataplane"
	"portcullis/packet"

	"golang.org/x/sys/unix"
)

// Theory of operation.
//
// The ring is memory shared with the kernel: slots of equal size, each with a
// header (struct tpacket2_hdr) whose status word says whose the slot is. The
// kernel fills them in order and so they are taken; a taken slot is given back
// by writing its status. The kernel puts the frame somewhere behind the header
// and the virtio-net header right in front of the frame:
//
//	| tpacket2_hdr | sockaddr_ll | reserve | virtio_net_hdr | frame ... | room |
//	0             32            52      tp_mac-10        tp_mac   +tp_snaplen   slot size
//
// So a Buffer is a piece of the slot, can be sent from where it lies, and can
// grow to the end of the slot. Slots must hold 64 KiB: the kernel cuts what is
// longer without counting it as a drop. V2 and not V3, because V3 hands over
// blocks when they are full or when a timer of at least a millisecond fires.

// Layout of struct tpacket2_hdr in linux/if_packet.h.
const (
	slotStatus  = 0  // uint32
	slotLen     = 4  // uint32, of the frame on the wire
	slotSnap    = 8  // uint32, of what is in the slot
	slotMac     = 12 // uint16, offset of the frame
	slotVLAN    = 24 // uint16, tag that the kernel stripped
	slotTPID    = 26 // uint16
	slotHeader  = 52 // with the sockaddr_ll
	vlanTagSize = 4
	defaultTPID = 0x8100
	slotReserve = 6 // tp_reserve: room for a tag, and IP headers aligned to 16 bytes
	minSlotSize = 2048
)

// fate is what became of a slot.
type fate uint8

const (
	slotOK        fate = iota
	slotTruncated      // the slot was too small for the frame
	slotMalformed      // offsets that the kernel does not write
)

// decodeSlot returns the frame in a slot that the kernel filled. A VLAN tag that
// the kernel took out is put back.
func decodeSlot(slot []byte) (dataplane.Buffer, fate) {
	ne := binary.NativeEndian
	mac, snap := int(ne.Uint16(slot[slotMac:])), int(ne.Uint32(slot[slotSnap:]))
	if ne.Uint32(slot[slotLen:]) > uint32(snap) {
		return nil, slotTruncated
	}
	if mac < slotHeader+packet.OffloadSize || snap < packet.EthernetSize || mac+snap > len(slot) {
		return nil, slotMalformed
	}
	start := mac - packet.OffloadSize
	status := ne.Uint32(slot[slotStatus:])
	if status&unix.TP_STATUS_VLAN_VALID != 0 {
		if start < slotHeader+vlanTagSize {
			return nil, slotMalformed
		}
		tpid := uint16(defaultTPID)
		if status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
			tpid = ne.Uint16(slot[slotTPID:])
		}
		restoreTag(slot[start-vlanTagSize:mac+snap], tpid, ne.Uint16(slot[slotVLAN:]))
		start -= vlanTagSize
	}
	return dataplane.Buffer(slot[start : mac+snap : len(slot)]), slotOK
}

// restoreTag inserts a VLAN tag into the Buffer that begins at b[vlanTagSize:];
// the result begins at b.
func restoreTag(b []byte, tpid, tci uint16) {
	const macs = 12
	off := packet.DecodeOffload(b[vlanTagSize:])
	if off.Partial() {
		off.CsumStart += vlanTagSize
	}
	if off.HdrLen > 0 {
		off.HdrLen += vlanTagSize
	}
	off.Encode(b)
	frame := b[packet.OffloadSize:]
	copy(frame[:macs], frame[vlanTagSize:])
	binary.BigEndian.PutUint16(frame[macs:], tpid)
	binary.BigEndian.PutUint16(frame[macs+2:], tci)
}

// ring is a receive ring. It belongs to one goroutine.
type ring struct {
	mem      []byte
	slotSize int
	slots    int
	head     int // the next slot that the kernel will hand over
	taken    int // slots before head that are ours

	truncated uint64 // since last asked
}

func (r *ring) slot(i int) []byte {
	at := i * r.slotSize
	return r.mem[at : at+r.slotSize : at+r.slotSize]
}

// status is the word that says whose slot i is.
func (r *ring) status(i int) *uint32 {
	return (*uint32)(unsafe.Pointer(&r.mem[i*r.slotSize]))
}

// ready says whether there is anything to take.
func (r *ring) ready() bool {
	return atomic.LoadUint32(r.status(r.head))&unix.TP_STATUS_USER != 0
}

// take fills batch with what the kernel handed over. Nothing may be taken yet.
func (r *ring) take(batch []dataplane.Buffer) int {
	n := 0
	for n < len(batch) && r.taken < r.slots && r.ready() {
		b, f := decodeSlot(r.slot(r.head))
		if f == slotOK {
			batch[n] = b
			n++
		} else {
			r.truncated++
		}
		r.taken++
		if r.head++; r.head == r.slots {
			r.head = 0
		}
	}
	return n
}

// release gives all taken slots back to the kernel, in order.
func (r *ring) release() {
	i := r.head - r.taken
	if i < 0 {
		i += r.slots
	}
	for ; r.taken > 0; r.taken-- {
		atomic.StoreUint32(r.status(i), unix.TP_STATUS_KERNEL)
		if i++; i == r.slots {
			i = 0
		}
	}
}
