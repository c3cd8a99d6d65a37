package helpers

import (
	"testing"

	"portcullis/packet"
)

func TestOffset(t *testing.T) {
	var c Control
	f := &c.dirs[packet.Reply].fix
	f.reset(100)
	if o := c.Offset(packet.Reply); o != (Offset{}) {
		t.Errorf("nothing was rewritten: %+v", o)
	}
	f.add(110, 5, []byte("longer one"))
	f.add(130, 4, []byte("x"))
	if o := c.Offset(packet.Reply); o != (Offset{Pos: 130, Before: 5, After: 2}) {
		t.Errorf("%+v", o)
	}
	f.acknowledge(200, 200)
	if o := c.Offset(packet.Reply); o.Before != 2 || o.After != 2 || o.Pos != 198 {
		t.Errorf("acknowledged: %+v", o)
	}
	if o := c.Offset(packet.Original); o != (Offset{}) {
		t.Errorf("the other direction: %+v", o)
	}
}
