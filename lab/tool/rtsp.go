package tool

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"portcullis/lab"
)

// gstServer serves two streams of sound at /duet. Its arguments are the
// address and the port.
const gstServer = `import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address(sys.argv[1])
server.set_service(sys.argv[2])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay0 pt=0 "
    "audiotestsrc is-live=true freq=880 ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8 )")
server.get_mount_points().add_factory("/duet", factory)
if server.attach(None) == 0:
    sys.exit("not attached")
GLib.MainLoop().run()
`

// GstRTSPServer starts a server of GStreamer's library for RTSP in the namespace,
// with its files in a directory, and waits until it listens. What it serves is at
// /duet.
func GstRTSPServer(ctx context.Context, ns *lab.Namespace, dir string, at netip.AddrPort) (*lab.Process, error) {
	const python = "/usr/bin/python3" // Debian's packages are for no other
	if err := gstRegistry(ctx, python); err != nil {
		return nil, err
	}
	script, err := writeFile(dir, "server.py", gstServer)
	if err != nil {
		return nil, err
	}
	p, err := ns.Start(lab.Command{
		Path: python, Args: []string{script, at.Addr().String(), fmt.Sprint(at.Port())},
		Env: gstEnv(dir), Contain: true,
	})
	if err != nil {
		return nil, err
	}
	return p, listens(ctx, ns, p, at)
}

// gstRegistered says whether GStreamer has looked at its plugins, which takes it long
// the first time, and whether there are those of its RTSP server.
var gstRegistered struct {
	sync.Mutex
	done bool
}

// gstRegistry has GStreamer look at its plugins once, where the registry is shared.
func gstRegistry(ctx context.Context, python string) error {
	gstRegistered.Lock()
	defer gstRegistered.Unlock()
	if gstRegistered.done {
		return nil
	}
	c := exec.CommandContext(ctx, python, "-c", `import gi; gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0"); from gi.repository import Gst; Gst.init(None)`)
	c.Env = append(os.Environ(), "GST_REGISTRY_FORK=no")
	if err := c.Run(); err != nil {
		return fmt.Errorf("gst-rtsp-server: %w", ErrMissing)
	}
	gstRegistered.done = true
	return nil
}

// gstEnv has GStreamer keep its registry where GST_REGISTRY says, or in a directory.
func gstEnv(dir string) []string {
	env := []string{"GST_REGISTRY_FORK=no"}
	if os.Getenv("GST_REGISTRY") == "" {
		env = append(env, "GST_REGISTRY="+filepath.Join(dir, "registry"))
	}
	return env
}

// listens waits until a connection to a server is accepted.
func listens(ctx context.Context, ns *lab.Namespace, p *lab.Process, at netip.AddrPort) error {
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		err := ns.Do(func() error {
			c, err := net.DialTimeout("tcp", at.String(), time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case p.Ended() || time.Now().After(deadline):
			return fmt.Errorf("server at %s: %w: %s", at, err, lab.Tail(p.Stdout()+p.Stderr(), 5))
		}
	}
}

// RTSPPlayed is what a client of RTSP has received.
type RTSPPlayed struct {
	Sound int // bytes of the first stream: 16000 are a second
	Err   error
	Text  string // what it wrote
}

// RTSPClient plays one second of sound from a URL, by datagrams alone.
type RTSPClient func(ctx context.Context, ns *lab.Namespace, dir, url string) (*RTSPPlayed, error)

// FFmpegPlay is an RTSPClient.
func FFmpegPlay(ctx context.Context, ns *lab.Namespace, dir, url string) (*RTSPPlayed, error) {
	t, err := Find("ffmpeg")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "sound")
	return played(ctx, ns, file, t.Command("-hide_banner", "-nostdin", "-loglevel", "verbose", "-y", "-rtsp_transport", "udp", "-i", url,
		"-map", "0:a:0", "-t", "1", "-f", "s16le", file))
}

// GstPlay is an RTSPClient.
func GstPlay(ctx context.Context, ns *lab.Namespace, dir, url string) (*RTSPPlayed, error) {
	t, err := Find("gst-launch-1.0")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "sound")
	c := t.Command("-q", "rtspsrc", "name=s", "location="+url, "protocols=udp", "latency=100",
		"s.", "!", "application/x-rtp,encoding-name=PCMU", "!", "queue", "!", "rtppcmudepay", "!", "mulawdec", "!", "identity", "eos-after=15", "!",
		"filesink", "async=false", "location="+file, // a sink that waits for the other one may wait for ever
		"s.", "!", "application/x-rtp,encoding-name=PCMA", "!", "queue", "!", "rtppcmadepay", "!", "identity", "eos-after=15", "!", "fakesink", "async=false")
	c.Env = append(c.Env, gstEnv(dir)...)
	return played(ctx, ns, file, c)
}

// played runs a client that writes what it plays to a file.
func played(ctx context.Context, ns *lab.Namespace, file string, c lab.Command) (*RTSPPlayed, error) {
	p, err := ns.Run(ctx, c)
	if p == nil {
		return nil, err
	}
	got := &RTSPPlayed{Err: err, Text: p.Stdout() + p.Stderr()}
	if sound, err := os.Stat(file); err == nil {
		got.Sound = int(sound.Size())
	}
	return got, nil
}

// FFmpegRecord starts ffmpeg as a server that records what the first client sends it
// at /in, until that client has done.
func FFmpegRecord(ns *lab.Namespace, dir string, at netip.AddrPort) (p *lab.Process, file string, err error) {
	t, err := Find("ffmpeg")
	if err != nil {
		return nil, "", err
	}
	file = filepath.Join(dir, "recorded")
	p, err = ns.Start(t.Command("-hide_banner", "-nostdin", "-loglevel", "verbose", "-y", "-rtsp_flags", "listen",
		"-i", "rtsp://"+at.String()+"/in", "-f", "s16le", file))
	return p, file, err
}

// FFmpegSend sends some seconds of sound to a URL, by datagrams.
func FFmpegSend(ctx context.Context, ns *lab.Namespace, url string, seconds int) (text string, err error) {
	t, err := Find("ffmpeg")
	if err != nil {
		return "", err
	}
	p, err := ns.Run(ctx, t.Command("-hide_banner", "-nostdin", "-loglevel", "verbose", "-re", "-f", "lavfi", "-i", "sine=sample_rate=8000",
		"-t", fmt.Sprint(seconds), "-c:a", "pcm_mulaw", "-f", "rtsp", "-rtsp_transport", "udp", url))
	if p == nil {
		return "", err
	}
	return p.Stdout() + p.Stderr(), err
}
