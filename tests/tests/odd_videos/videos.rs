//! The files, by what is odd about them.

use videoflow_shared::brief::WarningCode;

use super::expectation::{Case, Check, Expected};
use super::recipe::{Recipe, cut_off, damaged, upright, upside_down};

use Check::{
    BlackAt, Duration, Missing, NoSound, Progressive, Rate, RedIn, Says, SeenAt, Size, Sound,
    StandardRange,
};
use Expected::{FailedQuality, Published, Rejected};
use Recipe::{Bytes, Changed, Ffmpeg};
use WarningCode::{
    HdrConverted, PictureShorterThanSound, SeveralPictureTracks, SeveralSoundTracks,
    SoundShorterThanPicture,
};

/// Why there is no transcript of a video without sound.
const MUTE: Check = Missing("transcription", "The video has no sound.");

macro_rules! cases {
    ($($name:literal, $key:literal, $recipe:expr, $expected:expr;)*) => {
        /// All of them: name, key, how it is made, what is expected.
        pub fn cases() -> Vec<Case> {
            vec![$(Case { name: $name, key: $key.to_owned(), recipe: $recipe, expected: $expected }),*]
        }
    };
}

cases! {
    // Files that are no videos.
    "empty file", "empty.mp4", Bytes(b""), Rejected("EmptyFile", "Upload it again");
    "text named .mp4", "text.mp4", Bytes(b"This is no video.\n"), Rejected("UnreadableFile", "not a video");
    "picture", "picture.jpg", Ffmpeg("-f lavfi -i testsrc2=s=640x360 -frames:v 1 .jpg"), Rejected("UnreadableFile", "not a video");
    "archive", "archive.zip", Bytes(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), Rejected("UnreadableFile", "not a video");
    "sound alone", "sound.m4a", Ffmpeg("-f lavfi -i sine=d=2 -c:a aac .m4a"), Rejected("NoVideoTrack", "no picture");
    "sound with a cover", "sound.mp3", Ffmpeg("-f lavfi -i sine=d=2 -f lavfi -i testsrc2=s=320x320:d=0.04 -map 0 -map 1 -frames:v 1 -c:v mjpeg -disposition:v attached_pic -id3v2_version 3 .mp3"), Rejected("NoVideoTrack", "no picture");
    // Damaged ones.
    "cut off, without its index", "cut-without-index.mp4", Changed("-f lavfi -i testsrc2=s=640x360:d=2 -c:v libx264 .mp4", cut_off), Rejected("UnreadableFile", "upload it again");
    "cut off, with its index", "cut-with-index.mp4", Changed("-f lavfi -i testsrc2=s=640x360:d=4 -c:v libx264 -movflags +faststart .mp4", cut_off), FailedQuality("cut off");
    "damaged in the middle", "damaged.mp4", Changed("-f lavfi -i testsrc2=s=640x360:d=3 -c:v libx264 -g 10 -movflags +faststart .mp4", damaged), Published(&[], &[Size(640, 360), Duration(3000)]);
    // Sizes and lengths at the edge.
    "0.4 seconds", "short.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=0.4 .mp4"), Rejected("TooShort", "0.4 seconds");
    "5 seconds", "five.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=5 .mp4"), Published(&[], &[Size(640, 360), Rate(25.0), Duration(5000), NoSound]);
    "tiny", "tiny.mp4", Ffmpeg("-f lavfi -i testsrc2=s=32x32:d=1 .mp4"), Rejected("PictureTooSmall", "32x32");
    "very wide", "wide.mp4", Ffmpeg("-f lavfi -i testsrc2=s=2560x128:d=1 .mp4"), Published(&[], &[Size(2560, 128)]);
    "odd sides", "odd.mkv", Ffmpeg("-f lavfi -i testsrc2=s=853x481:d=1 -c:v libx264 -pix_fmt yuv444p .mkv"), Published(&[], &[Size(852, 480)]);
    "pixels that are not square", "anamorphic.mp4", Ffmpeg("-f lavfi -i testsrc2=s=720x576:d=1,setsar=64/45 .mp4"), Published(&[], &[Size(1024, 576)]);
    "4K", "4k.mp4", Ffmpeg("-f lavfi -i testsrc2=s=3840x2160:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p .mp4"), Published(&[], &[Size(1920, 1080)]);
    // Codecs and containers.
    "FFV1", "archive.mkv", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -c:v ffv1 .mkv"), Rejected("UnsupportedCodec", "Export it as H.264");
    "10-bit H.264", "ten.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -c:v libx264 -pix_fmt yuv420p10le .mp4"), Published(&[], &[Size(640, 360)]);
    "ProRes in MOV", "master.mov", Ffmpeg("-f lavfi -i testsrc2=s=1280x720:d=1 -f lavfi -i sine=d=1 -c:v prores_ks -profile:v 3 -c:a pcm_s16le .mov"), Published(&[], &[Size(1280, 720), Sound]);
    "VP9 in WebM", "screen.webm", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -f lavfi -i sine=d=1 -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -c:a libopus .webm"), Published(&[], &[Size(640, 360), Sound]);
    "AV1", "av1.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -c:v libsvtav1 -preset 12 .mp4"), Published(&[], &[Size(640, 360)]);
    "AVI", "camera.avi", Ffmpeg("-f lavfi -i testsrc2=s=640x480:d=1 -f lavfi -i sine=d=1 -c:v mpeg4 -c:a libmp3lame .avi"), Published(&[], &[Size(640, 480), Sound]);
    "MPEG-TS", "broadcast.ts", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=2 -f lavfi -i sine=d=2 -c:v mpeg2video -c:a mp2 .ts"), Published(&[], &[Size(640, 360), Rate(25.0), Sound]);
    "upper-case suffix", "HOLIDAY.MP4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1,hue=h=30 .mp4"), Published(&[], &[Size(640, 360)]);
    "wrong suffix", "notes.txt", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1,hue=h=60 .mp4"), Published(&[], &[Size(640, 360)]);
    "no suffix", "holiday", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1,hue=h=90 .mp4"), Published(&[], &[Size(640, 360)]);
    // How the picture lies and moves.
    "held upright", "upright.mov", Changed("-f lavfi -i color=blue:s=640x360:d=1,drawbox=c=red:t=fill:w=320:h=180 .mp4", upright), Published(&[], &[Size(360, 640), RedIn(1)]);
    "held upside down", "upside-down.mov", Changed("-f lavfi -i color=blue:s=640x360:d=1,drawbox=c=red:t=fill:w=320:h=180 .mp4", upside_down), Published(&[], &[Size(640, 360), RedIn(3)]);
    "50 pictures a second", "sport.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:r=50:d=1 .mp4"), Published(&[], &[Rate(50.0)]);
    "120 pictures a second", "slow-motion.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:r=120:d=1 .mp4"), Published(&[], &[Rate(60.0), Duration(1000)]);
    "variable frame rate", "phone.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:r=60:d=3,select='lt(t,1)+not(mod(n,5))' -fps_mode vfr .mp4"), Published(&[], &[Rate(30.0), Duration(2934)]);
    "interlaced", "interlaced.ts", Ffmpeg("-f lavfi -i testsrc2=s=720x576:r=50:d=2,interlace,setsar=1 -c:v libx264 -flags +ildct+ilme -x264opts tff=1 .ts"), Published(&[], &[Size(720, 576), Rate(25.0), Progressive]);
    "HDR10", "hdr10.mp4", Ffmpeg("-f lavfi -i color=c=0x828282:s=640x360:d=1 -c:v libx265 -preset ultrafast -x265-params log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc -pix_fmt yuv420p10le -tag:v hvc1 .mp4"), Published(&[HdrConverted], &[StandardRange]);
    "HLG", "hlg.mov", Ffmpeg("-f lavfi -i color=c=0xc0c0c0:s=640x360:d=1 -c:v libx265 -preset ultrafast -x265-params log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc -color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc -pix_fmt yuv420p10le -tag:v hvc1 .mov"), Published(&[HdrConverted], &[StandardRange]);
    // Tracks.
    "no sound", "mute.mp4", Ffmpeg("-f lavfi -i mandelbrot=s=640x360 -t 2 .mp4"), Published(&[], &[NoSound, MUTE]);
    "silence", "silence.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=2 -f lavfi -i anullsrc -shortest .mp4"), Published(&[], &[Sound, Missing("transcription", "Nobody speaks.")]);
    "two sound tracks", "bilingual.mp4", Ffmpeg("-ss 0.2 -t 6 -i SAMPLE -f lavfi -i sine=d=6 -map 0:v -map 0:a -map 1 -vf scale=-2:360 -c:a aac .mp4"), Published(&[SeveralSoundTracks], &[Sound, Says("Dashwood")]);
    "two picture tracks", "angles.mkv", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -f lavfi -i color=red:s=320x180:d=1 -map 0 -map 1 -c:v libx264 .mkv"), Published(&[SeveralPictureTracks], &[Size(640, 360)]);
    "subtitles and data", "subtitled.mov", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=2 -i SAMPLE -f lavfi -i sine=d=2 -map 0 -map 2 -t 2 -timecode 01:00:00:00 -c:a aac .mov"), Published(&[], &[Size(640, 360), Sound]);
    "sound that ends early", "sound-ends.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=4 -f lavfi -i sine=d=1 -c:a aac .mp4"), Published(&[SoundShorterThanPicture], &[Duration(4000), Sound]);
    "picture that ends early", "picture-ends.mp4", Ffmpeg("-f lavfi -i testsrc2=s=640x360:d=1 -f lavfi -i sine=d=4 -c:a aac .mp4"), Published(&[PictureShorterThanSound], &[Duration(4000), Sound, SeenAt(0.5), BlackAt(3.0)]);
    "picture that begins late", "picture-begins.mkv", Ffmpeg("-itsoffset 1.5 -f lavfi -i testsrc2=s=640x360:d=1.5 -f lavfi -i sine=d=3 -c:v libx264 -c:a aac .mkv"), Published(&[], &[Duration(3000), Sound, BlackAt(0.5), SeenAt(2.5)]);
}
