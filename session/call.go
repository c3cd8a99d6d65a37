package session

import (
	"unsafe"

	"portcullis/packet"
)

// Call is what there is to say of a session that is the data of one call of PPTP
// (RFC 2637). Either direction has the call id of its receiver, so that neither key
// is the other one's Reply, and does not tell with which id packets leave. The zero
// value is no call.
type Call struct {
	On    bool
	Over  bool      // an end has asked for its end
	Leave [2]uint16 // by direction: the id that packets leave with
}

// Call is what there is to say of s as a call, valid iff the protocol is GRE. Like
// SCTP it lies in the memory of TCP.
func (s *Record) Call() *Call { return (*Call)(unsafe.Pointer(&s.TCP)) }

// IsCall says whether s is the data of one call. GRE of version 1 that no helper has
// announced is none.
func (s *Record) IsCall() bool {
	return s.Key[packet.Original].Proto == packet.ProtoGRE && s.Call().On
}

// A call that does not fit the memory of a connection is an error of the compiler.
const (
	_ = unsafe.Sizeof(Record{}.TCP) - unsafe.Sizeof(Call{})
	_ = unsafe.Alignof(Record{}.TCP) - unsafe.Alignof(Call{})
)
