package engine_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
)

// talk is an FTP conversation that is played packet by packet. Both sides answer
// what they were really sent, so it goes on behind a translation, too.
type talk struct {
	id     int
	port   int        // the client's
	at     int        // how far it came
	peer   packet.Key // the last segment as the server got it
	cs, ss uint32     // next sequence numbers
	ca, sa uint32     // what each side has got of the other
	last   [2]string  // the last line, for sending it again
}

// talkScript is what is said: c is the client. It begins again at talkLoop.
var talkScript = []struct {
	client bool
	flags  string
	text   string
}{
	{true, "S", ""}, {false, "SA", ""}, {true, "A", ""},
	{false, "PA", `220 hi\r\n`}, {true, "PA", `USER a\r\n`}, {false, "PA", `230 in\r\n`},
	{true, "PA", `PORT 10,1,0,200,160,40\r\n`}, {false, "PA", `200 ok\r\n`}, {true, "A", "active"},
	{true, "A", `PORT 10,1,0,20`}, {true, "PA", `0,160,41\r\nNOOP\r\n`}, {false, "PA", `200 ok\r\n200 ok\r\n`},
	{true, "PA", `PASV\r\n`}, {false, "PA", `227 (10,2,0,2,156,64)\r\n`}, {true, "A", "passive"},
	{true, "PA", `PORT 10,1,0,9,9,9\r\n`}, {false, "PA", `500 no\r\n`},
	{true, "FA", ""}, {false, "FA", ""}, {true, "A", ""},
}

const talkLoop = 6

func (k *talk) restart(s *storm) {
	*k = talk{id: k.id, port: 40000 + k.id*100 + s.r.IntN(100), cs: s.r.Uint32(), ss: s.r.Uint32()}
}

// step plays the next packet, or repeats the last one, or gives up.
func (k *talk) step(t testing.TB, r *rig, s *storm) {
	if k.port == 0 || k.at == len(talkScript) || s.r.IntN(60) == 0 {
		k.restart(s)
	}
	if s.r.IntN(12) == 0 && k.last[1] != "" {
		k.send(t, r, s, k.last[0], k.last[1])
		return
	}
	if k.at == 17 && s.r.IntN(4) > 0 {
		k.at = talkLoop
	}
	say := talkScript[k.at]
	k.at++
	client := fmt.Sprintf("10.1.0.200:%d", k.port)
	switch say.text {
	case "active":
		k.send(t, r, s, "port2", fmt.Sprintf("tcp 10.2.0.2:%d > %v:%d S", 20+s.r.IntN(2), k.peer.Src, 41000))
		return
	case "passive":
		k.send(t, r, s, "port1", fmt.Sprintf("tcp 10.1.0.200:%d > 10.2.0.2:40000 S", 42000+s.r.IntN(100)))
		return
	}
	n := uint32(len(packettest.Packet(fmt.Sprintf(`udp 10.0.0.1:1 > 10.0.0.2:2 data "%s"`, say.text)).Data()))
	if say.flags != "A" && say.flags != "PA" {
		n++
	}
	if say.client {
		k.last = [2]string{"port1", fmt.Sprintf(`tcp %s > 10.2.0.2:21 %s seq %d ack %d data "%s"`, client, say.flags, k.cs, k.ca, say.text)}
		k.cs += n
	} else {
		k.last = [2]string{"port2", fmt.Sprintf(`tcp 10.2.0.2:21 > %v:%d %s seq %d ack %d data "%s"`, k.peer.Src, k.peer.SrcPort, say.flags, k.ss, k.sa, say.text)}
		k.ss += n
		if k.peer.SrcPort == 0 { // the client's SYN never got here
			k.restart(s)
			return
		}
	}
	if s.r.IntN(30) > 0 { // else it is lost on its way
		k.send(t, r, s, k.last[0], k.last[1])
	}
}

// send plays one line and lets the other side learn from what left.
func (k *talk) send(t testing.TB, r *rig, st *storm, in, line string) {
	st.send(t, r, in, packettest.Frame(line), packet.Offload{}, func(s *engine.Slot) {
		wellFormed(t)(s)
		var p packet.Packet
		if p.Parse(s.Frame, s.Offload) != packet.ReasonNone || p.Key.Proto != packet.ProtoTCP {
			return
		}
		end := binary.BigEndian.Uint32(p.Frame[p.L4+4:]) + uint32(len(p.Data()))
		if p.TCPFlags&(packet.TCPSyn|packet.TCPFin) != 0 {
			end++
		}
		switch {
		case p.Key.DstPort == 21:
			k.peer, k.sa = p.Key, end
		case p.Key.SrcPort == 21:
			k.ca = end
		}
	})
}
