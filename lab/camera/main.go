// Command camera is a server and clients of RTSP that are made with gortsplib: it
// serves sound, plays it and records it, by datagrams. It is a module of its own so
// that nothing else needs that library.
package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: camera serve ADDRESS:PORT | camera play URL | camera record URL")
		os.Exit(2)
	}
	run, known := map[string]func(string) error{"serve": serve, "play": play, "record": record}[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "camera: %q: expected serve, play or record\n", os.Args[1])
		os.Exit(2)
	}
	if err := run(os.Args[2]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// sound describes two streams of sound, each with ports of its own.
func sound() *description.Session {
	media := func() *description.Media {
		return &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.G711{MULaw: true, SampleRate: 8000, ChannelCount: 1}}}
	}
	return &description.Session{Medias: []*description.Media{media(), media()}}
}

// packet is the nth packet of a stream: 20 ms of sound.
func packet(n int) *rtp.Packet {
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 0, SequenceNumber: uint16(n), Timestamp: uint32(n) * 160, SSRC: 7},
		Payload: make([]byte, 160),
	}
}

// server serves one stream and counts what it is sent.
type server struct {
	stream *gortsplib.ServerStream
	got    atomic.Int64
}

func (s *server) OnDescribe(*gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

func (s *server) OnAnnounce(*gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *server) OnSetup(c *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if c.Path == "/in" {
		return &base.Response{StatusCode: base.StatusOK}, nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, s.stream, nil
}

func (s *server) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func (s *server) OnRecord(c *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	c.Session.OnPacketRTPAny(func(*description.Media, format.Format, *rtp.Packet) {
		if s.got.Add(1) == 40 {
			fmt.Println("recorded")
		}
	})
	return &base.Response{StatusCode: base.StatusOK}, nil
}

func serve(at string) error {
	s := &server{}
	rtsp := &gortsplib.Server{Handler: s, RTSPAddress: at, UDPRTPAddress: ":8000", UDPRTCPAddress: ":8001"}
	if err := rtsp.Start(); err != nil {
		return err
	}
	what := sound()
	s.stream = gortsplib.NewServerStream(rtsp, what)
	for n := 0; ; n++ {
		for _, m := range what.Medias {
			if err := s.stream.WritePacketRTP(m, packet(n)); err != nil {
				return err
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// client is one that uses datagrams alone.
func client() *gortsplib.Client {
	udp := gortsplib.TransportUDP
	return &gortsplib.Client{Transport: &udp, ReadTimeout: 4 * time.Second}
}

// play counts the packets of each stream for a second.
func play(url string) error {
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	c := client()
	if err := c.Start(u.Scheme, u.Host); err != nil {
		return err
	}
	defer c.Close()
	what, _, err := c.Describe(u)
	if err != nil {
		return err
	}
	if err := c.SetupAll(what.BaseURL, what.Medias); err != nil {
		return err
	}
	got := map[*description.Media]*atomic.Int64{}
	for _, m := range what.Medias {
		got[m] = new(atomic.Int64)
	}
	c.OnPacketRTPAny(func(m *description.Media, _ format.Format, _ *rtp.Packet) { got[m].Add(1) })
	if _, err := c.Play(nil); err != nil {
		return err
	}
	time.Sleep(1500 * time.Millisecond)
	for _, m := range what.Medias {
		fmt.Println("played", got[m].Load())
	}
	return nil
}

// record sends a second of sound.
func record(url string) error {
	c := client()
	what := sound()
	if err := c.StartRecording(url, what); err != nil {
		return err
	}
	defer c.Close()
	for n := range 60 {
		for _, m := range what.Medias {
			if err := c.WritePacketRTP(m, packet(n)); err != nil {
				return err
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}
