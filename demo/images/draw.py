"""Draws the pictures of the sample magazine.

    pip install pillow numpy
    python3 draw.py              every picture
    python3 draw.py reef tram    only these
    python3 draw.py logo         logo.png from logo.svg

Each scene below is a function that lays flat shapes on a sheet of 1200 by 675
as SVG. Chromium (or $CHROMIUM) turns the sheet into pixels, Pillow brings it
down to 960 by 540 (busy ones to less), adds paper grain and saves a JPEG of at most 28 KB. Everything random is seeded, so the
same scene gives the same picture.
"""

import io
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image, ImageFilter

W, H = 1200, 675
SIZES = ((960, 540), (864, 486), (768, 432), (704, 396))
GRAIN = 0.05
LIMIT = 28 * 1024
HERE = Path(__file__).resolve().parent

# One palette for the whole magazine.
INK, NIGHT, DUSK = "#14233a", "#213a5c", "#3f5f82"
TEAL, SEA, FOAM = "#235f66", "#4c9891", "#bcdcd0"
CREAM, SAND, OCHRE = "#f7ead2", "#ebcb93", "#dd9a3f"
RUST, BRICK, PLUM = "#c2553a", "#8a3a30", "#472b47"
LEAF, MOSS, LIME = "#2f5240", "#587a4b", "#a3b568"
SKY, ROSE = "#a8cccd", "#eab394"


def mix(a, b, t):
    """The colour `t` of the way from `a` to `b`."""
    pa, pb = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (a, b))
    return "#" + "".join(f"{round(x + (y - x) * t):02x}" for x, y in zip(pa, pb))


class Sheet:
    """A sheet of paper that SVG shapes are laid on, back to front."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.defs, self.body = [], []

    def put(self, *parts):
        self.body += parts

    def grad(self, *stops, across=False):
        """A paint that runs through `stops`, downwards or across."""
        name = f"g{len(self.defs)}"
        step = 1 / max(1, len(stops) - 1)
        inner = "".join(
            f'<stop offset="{i * step:.3f}" stop-color="{c}"/>' if isinstance(c, str)
            else f'<stop offset="{i * step:.3f}" stop-color="{c[0]}" stop-opacity="{c[1]}"/>'
            for i, c in enumerate(stops)
        )
        way = 'x2="1" y2="0"' if across else 'x2="0" y2="1"'
        self.defs.append(f'<linearGradient id="{name}" x1="0" y1="0" {way}>{inner}</linearGradient>')
        return f"url(#{name})"

    def sky(self, *stops, down=H):
        self.rect(0, 0, W, down, self.grad(*stops))

    def rect(self, x, y, w, h, fill, **more):
        self.put(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}"{attrs(more)}/>')

    def disc(self, x, y, r, fill, **more):
        self.put(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}"{attrs(more)}/>')

    def oval(self, x, y, rx, ry, fill, **more):
        self.put(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}"{attrs(more)}/>')

    def poly(self, points, fill, **more):
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.put(f'<polygon points="{text}" fill="{fill}"{attrs(more)}/>')

    def path(self, d, fill="none", **more):
        self.put(f'<path d="{d}" fill="{fill}"{attrs(more)}/>')

    def line(self, x1, y1, x2, y2, stroke, width=3, **more):
        self.path(f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", stroke=stroke, stroke_width=width, stroke_linecap="round", **more)

    def sun(self, x, y, r, fill, halo=True):
        """The disc that nearly every picture has, sun or moon."""
        if halo:
            for k, o in ((2.3, 0.10), (1.6, 0.14)):
                self.disc(x, y, r * k, fill, opacity=o)
        self.disc(x, y, r, fill)

    def hills(self, base, amp, fill, waves=3, phase=None, shade=None, low=H):
        """Soft hills; gives the function of their skyline."""
        shift = [self.rng.uniform(0, 6.3) if phase is None else phase + k for k in range(4)]

        def top(x):
            u = x / W * math.tau * waves / 2
            return base - amp * (0.55 * math.sin(u + shift[0]) + 0.3 * math.sin(2.1 * u + shift[1]) + 0.15 * math.sin(4.3 * u + shift[2]))

        paint = self.grad(fill, shade) if shade else fill
        self.poly([(0, low)] + [(x, top(x)) for x in range(0, W + 1, 8)] + [(W, low)], paint)
        return top

    def peaks(self, base, amp, fill, count=5, snow=None, shade=None):
        """Sharp mountains, each with a lit and a dark side, and snow if asked."""
        step = W / count
        xs = [-step / 2 + i * step + self.rng.uniform(-0.2, 0.2) * step for i in range(count + 2)]
        tops = [(x, base - amp * self.rng.uniform(0.55, 1)) for x in xs]
        dark = shade or mix(fill, INK, 0.25)
        for x, y in sorted(tops, key=lambda p: p[1]):
            half = step * 1.05
            self.poly([(x - half, base + 30), (x, y), (x + half, base + 30)], fill)
            bend = [(x, y), (x + 0.05 * half, y + 0.30 * (base - y)), (x - 0.08 * half, y + 0.55 * (base - y)), (x + 0.1 * half, base + 30), (x + half, base + 30)]
            self.poly(bend, dark)
            if snow:
                d = 0.34 * (base - y)
                k = half * d / (base + 30 - y)
                self.poly([(x - k, y + d), (x, y), (x + k, y + d), (x + k * 0.55, y + d * 0.72), (x + k * 0.2, y + d * 1.12), (x - k * 0.2, y + d * 0.74), (x - k * 0.5, y + d * 1.08)], snow)
                self.poly([(x, y), (x + k, y + d), (x + k * 0.55, y + d * 0.72), (x + k * 0.2, y + d * 1.12), (x + k * 0.05, y + d * 0.8)], mix(snow, dark, 0.3))
        self.rect(0, base + 28, W, H - base, fill)

    def stars(self, count, down, fill=CREAM):
        for _ in range(count):
            self.disc(self.rng.uniform(0, W), down * self.rng.random() ** 1.3, self.rng.choice((1.1, 1.4, 1.8, 2.6)), fill, opacity=round(self.rng.uniform(0.45, 1), 2))

    def ripples(self, top, bottom, stroke, count=26, x0=0, x1=W, opacity=0.5):
        """Short level strokes, longer towards the viewer: light on water."""
        for _ in range(count):
            t = self.rng.random()
            y = top + (bottom - top) * t
            x, n = self.rng.uniform(x0, x1), 20 + 110 * t
            self.line(x, y, x + n, y, stroke, 1.5 + 3 * t, opacity=opacity)

    def palm(self, x, y, h, fill, lean=0.1):
        tx, ty = x + lean * h, y - h
        self.path(f"M{x} {y}Q{x + lean * h * 0.2:.1f} {y - h * 0.6:.1f} {tx:.1f} {ty:.1f}", stroke=fill, stroke_width=max(2.5, h / 22), stroke_linecap="round")
        for a in (-170, -145, -110, -70, -35, -10, 20, 160):
            r, c = math.radians(a), h * 0.42
            ex, ey = tx + c * math.cos(r), ty + c * math.sin(r) * 0.7 + c * 0.28
            mx, my = tx + c * 0.55 * math.cos(r), ty + c * 0.75 * math.sin(r) - c * 0.06
            self.path(f"M{tx:.1f} {ty:.1f}Q{mx:.1f} {my:.1f} {ex:.1f} {ey:.1f}Q{mx:.1f} {my + c * 0.22:.1f} {tx:.1f} {ty:.1f}", fill)

    def birds(self, x, y, n, stroke, size=12):
        for _ in range(n):
            bx, by, s = x + self.rng.uniform(-120, 120), y + self.rng.uniform(-50, 50), size * self.rng.uniform(0.6, 1.2)
            self.path(f"M{bx - s:.1f} {by - s * 0.4:.1f}Q{bx - s * 0.4:.1f} {by - s * 0.6:.1f} {bx:.1f} {by:.1f}Q{bx + s * 0.4:.1f} {by - s * 0.6:.1f} {bx + s:.1f} {by - s * 0.4:.1f}", stroke=stroke, stroke_width=2.4, stroke_linecap="round")

    def mist(self, y, h, colour=CREAM, strength=0.6):
        self.rect(0, y, W, h, self.grad((colour, 0), (colour, strength), (colour, 0)))

    def svg(self):
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="{W}" height="{H}" viewBox="0 0 {W} {H}"><defs>{"".join(self.defs)}</defs>{"".join(self.body)}</svg>'


def attrs(more):
    return "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())


SCENES = {}


def scene(name):
    def keep(draw):
        SCENES[name] = draw
        return draw
    return keep


# --- rivers and water -----------------------------------------------------


@scene("nile-delta")
def nile_delta(s):
    s.sky(ROSE, CREAM, SAND, down=240)
    s.sun(860, 190, 74, RUST)
    s.rect(0, 238, W, 110, s.grad(SEA, FOAM))
    s.ripples(246, 300, CREAM, 18)
    s.rect(0, 300, W, 110, SEA)
    s.path("M0 675V380Q180 318 420 322T800 300Q1010 306 1200 372V675Z", s.grad(MOSS, LEAF))
    rng = s.rng
    for i in range(70):
        y = 340 + 330 * (i / 70) ** 1.2
        x, w = rng.uniform(-60, W), rng.uniform(60, 150) * (0.4 + (y - 330) / 300)
        h = w * 0.16
        s.poly([(x, y), (x + w, y - h * 0.2), (x + w * 0.94, y + h), (x - w * 0.08, y + h)], rng.choice((LIME, mix(MOSS, LIME, 0.5), SAND, mix(LEAF, MOSS, 0.5))), opacity=0.75)
    water = s.grad(FOAM, SEA, TEAL)
    s.path("M520 675C560 560 470 520 380 450C300 392 230 380 150 342L196 333C290 372 380 380 470 436C540 480 600 470 640 420C690 364 760 350 800 302L850 303C830 350 800 380 760 430C700 500 720 560 800 675Z", water)
    s.path("M640 420C600 380 560 360 520 317L546 316C590 350 640 370 668 392Z", water)
    s.path("M745 452C830 420 930 400 1010 322L1040 330C980 410 870 440 725 490Z", water)
    s.ripples(500, 660, CREAM, 9, 560, 700, 0.6)
    for x, y, k in ((640, 560, 1.0), (452, 452, 0.5), (742, 424, 0.42)):
        s.path(f"M{x} {y}L{x + 8 * k} {y - 118 * k}Q{x + 62 * k} {y - 50 * k} {x + 66 * k} {y - 6 * k}Z", CREAM)
        s.path(f"M{x - 34 * k} {y}H{x + 78 * k}Q{x + 62 * k} {y + 22 * k} {x + 40 * k} {y + 22 * k}H{x - 10 * k}Z", BRICK)
    for x, y, h in ((70, 600, 190), (140, 640, 150), (1110, 620, 210), (1040, 650, 140), (960, 500, 80), (250, 500, 70)):
        s.palm(x, y, h, INK if y > 560 else LEAF, rng.uniform(-0.14, 0.14))


@scene("aswan-dam")
def aswan_dam(s):
    s.sky(SKY, CREAM, SAND)
    s.sun(300, 170, 66, OCHRE)
    s.hills(300, 60, mix(SAND, ROSE, 0.6), 3, 1)
    s.hills(330, 46, mix(OCHRE, ROSE, 0.5), 4, 2.4)
    s.rect(0, 318, W, 60, s.grad(SEA, TEAL))
    s.ripples(324, 366, FOAM, 22)
    s.path("M0 372Q600 318 1200 372V560Q600 470 0 560Z", s.grad(CREAM, SAND, OCHRE))
    s.path("M0 372Q600 318 1200 372V388Q600 334 0 388Z", BRICK)
    for i in range(13):
        x = 150 + i * 75
        y = 352 + 26 * ((x - 600) / 600) ** 2 + 8
        b = 508 + 50 * ((x - 600) / 600) ** 2
        s.path(f"M{x - 8} {y + 4}H{x + 8}L{x + 14} {b}H{x - 14}Z", mix(OCHRE, BRICK, 0.35))
        if i % 2 == 0 and 2 <= i <= 10:
            s.path(f"M{x + 22} {y + 66}H{x + 54}Q{x + 70} {b + 30} {x + 86} {b + 66}H{x - 4}Q{x + 14} {b + 20} {x + 22} {y + 66}Z", s.grad(CREAM, FOAM))
    s.path("M0 560Q600 470 1200 560V675H0Z", s.grad(SEA, TEAL))
    for _ in range(46):
        x = s.rng.uniform(240, 960)
        s.oval(x, s.rng.uniform(545, 590), s.rng.uniform(18, 50), s.rng.uniform(6, 16), CREAM, opacity=0.5)
    s.ripples(600, 668, FOAM, 22)
    s.path("M0 500Q120 520 190 600L160 675H0Z", RUST)
    s.path("M1200 490Q1080 520 1010 610L1040 675H1200Z", BRICK)


@scene("two-rivers")
def two_rivers(s):
    s.sky(DUSK, SKY, CREAM)
    s.sun(760, 150, 60, CREAM)
    s.hills(250, 22, mix(MOSS, SKY, 0.5), 4, 1)
    s.hills(272, 20, mix(LEAF, SKY, 0.3), 5, 3)
    s.rect(0, 268, W, H, LEAF)
    s.path("M700 268H900C760 340 980 460 1200 560V675H0V600C300 520 560 380 700 268Z", s.grad(mix(SAND, CREAM, 0.5), SAND, OCHRE))
    s.path("M700 268H780C720 350 800 430 760 520C730 590 640 640 600 675H0V600C300 520 560 380 700 268Z", s.grad(TEAL, INK))
    for y, x, r in ((330, 744, 12), (386, 768, 18), (446, 780, 24), (512, 758, 30), (574, 706, 36), (636, 636, 40)):
        s.path(f"M{x - r * 1.6} {y + r * .6}C{x - r} {y - r * .8} {x + r * .8} {y - r} {x + r} {y}S{x - r * .3} {y + r * .7} {x - r * .2} {y - r * .05}", stroke=mix(SAND, TEAL, 0.35), stroke_width=r * 0.24, stroke_linecap="round", opacity=0.85)
    s.ripples(300, 660, FOAM, 14, 250, 560, 0.28)
    s.ripples(400, 660, CREAM, 16, 820, 1050, 0.6)
    for side in (0, 1):
        for i in range(80):
            t = (i / 80) ** 1.3
            y = 276 + 400 * t
            edge = 690 - 760 * t if side == 0 else 915 + 520 * t
            x = edge - s.rng.uniform(10, 520) if side == 0 else edge + s.rng.uniform(10, 420)
            r = 9 + 46 * t
            s.oval(x, y, r, r * 0.8, s.rng.choice((LEAF, MOSS, mix(LEAF, INK, 0.4), mix(MOSS, LIME, 0.3))))
    s.path("M430 520h120q-14 26 -34 26h-56q-22 0 -30 -26Z", CREAM)
    s.rect(452, 494, 70, 26, RUST)
    s.rect(446, 486, 84, 9, CREAM)


@scene("andes-terraces")
def andes_terraces(s):
    s.sky("#5b93a6", SKY, CREAM)
    s.sun(250, 140, 58, CREAM)
    s.peaks(330, 270, mix(DUSK, SKY, 0.35), 4, CREAM)
    s.hills(350, 36, mix(TEAL, DUSK, 0.4), 3, 1)
    cols = [MOSS, LIME, mix(MOSS, OCHRE, 0.35), mix(LIME, SAND, 0.4)]
    for i in range(9):
        t = i / 8
        y, w = 352 + 330 * t**1.25, 20 + 26 * t
        bend = 70 + 90 * t
        d = f"M-20 {y + 30}C300 {y - bend} 520 {y + bend} 820 {y}S1100 {y - bend * .7} 1220 {y - 20}V700H-20Z"
        s.path(d, mix(BRICK, SAND, 0.35 - 0.1 * t))
        s.path(d, s.grad(cols[i % 4], mix(cols[i % 4], LEAF, 0.35)), transform=f"translate(0,{w * .5:.1f})")
    s.path("M1220 372C1100 352 980 384 820 398C560 420 420 352 180 420C120 438 60 452 -20 470", stroke=FOAM, stroke_width=9)
    s.path("M820 398C780 440 860 470 800 510C740 560 780 600 700 680", stroke=FOAM, stroke_width=7)
    for x, y, k in ((930, 470, 1), (990, 482, 0.85), (330, 560, 1.2)):
        s.path(f"M{x} {y}v{-34 * k}q{2 * k} {-14 * k} {10 * k} {-16 * k}l{4 * k} {-10 * k}l{4 * k} {10 * k}q{4 * k} {8 * k} {-4 * k} {12 * k}l{2 * k} {12 * k}h{30 * k}q{8 * k} {2 * k} {8 * k} {12 * k}v{16 * k}h{-6 * k}v{-14 * k}h{-34 * k}v{14 * k}Z", CREAM)


@scene("locks")
def locks(s):
    s.sky(SKY, CREAM)
    s.sun(905, 120, 54, OCHRE)
    s.hills(260, 50, mix(MOSS, SKY, 0.4), 4, 1)
    s.hills(300, 44, MOSS, 3, 2.6)
    s.hills(340, 30, LEAF, 5, 4)
    s.rect(0, 350, W, H, mix(SAND, CREAM, 0.4))
    s.poly([(470, 350), (730, 350), (1010, 675), (190, 675)], s.grad(SEA, TEAL))
    s.poly([(420, 350), (470, 350), (190, 675), (40, 675)], s.grad(CREAM, SAND))
    s.poly([(780, 350), (730, 350), (1010, 675), (1160, 675)], s.grad(SAND, OCHRE))
    # the ship, bow on
    s.path("M478 300H722L700 520Q600 560 500 520Z", s.grad(RUST, BRICK))
    s.path("M478 300H722L719 332H481Z", INK)
    cols = [OCHRE, TEAL, CREAM, RUST, DUSK, SAND]
    for r in range(5):
        for c in range(9):
            s.rect(486 + c * 25.5, 272 - r * 28, 24, 26, s.rng.choice(cols))
    s.rect(560, 108, 80, 44, CREAM)
    s.rect(545, 120, 110, 14, INK)
    s.line(600, 60, 600, 108, INK, 4)
    s.oval(600, 532, 130, 18, FOAM, opacity=0.6)
    # gates
    s.poly([(330, 520), (590, 560), (590, 675), (180, 675), (196, 670)], s.grad(DUSK, INK))
    s.poly([(870, 520), (610, 560), (610, 675), (1020, 675)], s.grad(NIGHT, INK))
    for k in range(4):
        s.line(300 - k * 22, 552 + k * 32, 590, 586 + k * 26, SEA, 3, opacity=0.5)
        s.line(900 + k * 22, 552 + k * 32, 610, 586 + k * 26, SEA, 3, opacity=0.5)
    for x, f in ((300, 1), (860, 1)):
        s.rect(x, 452, 56, 40, CREAM)
        s.rect(x, 452, 56, 12, RUST)
        s.rect(x + 8, 472, 12, 12, INK)
    for x, h in ((120, 130), (60, 170), (1120, 160), (1060, 110)):
        s.palm(x, 480 if h < 150 else 520, h, LEAF, s.rng.uniform(-0.1, 0.1))


@scene("mangroves")
def mangroves(s):
    s.sky(OCHRE, SAND, CREAM)
    s.sun(600, 210, 80, CREAM)
    s.rect(0, 330, W, H, s.grad(CREAM, SEA, TEAL))
    s.ripples(340, 660, CREAM, 34, 380, 760, 0.6)
    for side in (-1, 1):
        for depth, (n, col) in enumerate(((9, mix(MOSS, SAND, 0.45)), (7, mix(LEAF, MOSS, 0.4)), (5, mix(LEAF, INK, 0.45)))):
            for i in range(n):
                k = (0.5, 0.85, 1.4)[depth]
                base = (346, 400, 540)[depth]
                inner = (120, 215, 360)[depth]
                x = 600 + side * (inner + i * 62 * k)
                y = base + i * 3 * k
                trunk = y - 90 * k
                for a in (-52, -34, -16, 0, 18, 36, 54):
                    s.path(f"M{x} {trunk}Q{x + a * .85 * k:.1f} {trunk + 22 * k:.1f} {x + a * k:.1f} {y + 20 * k:.1f}", stroke=mix(col, INK, 0.35), stroke_width=round(4 * k, 1))
                s.rect(x - 5 * k, trunk - 60 * k, 10 * k, 64 * k, mix(col, INK, 0.35))
                for _ in range(7):
                    s.oval(x + s.rng.uniform(-46, 46) * k, trunk - s.rng.uniform(40, 110) * k, s.rng.uniform(26, 46) * k, s.rng.uniform(18, 28) * k, mix(col, LIME, s.rng.uniform(0, 0.22)))
    s.path("M500 470H700Q680 504 646 504H556Q520 504 500 470Z", BRICK)
    s.path("M545 470Q600 410 655 470Z", INK)
    s.line(700, 470, 756, 380, INK, 4)
    s.oval(600, 512, 120, 9, TEAL, opacity=0.6)
    s.birds(600, 130, 6, BRICK)


@scene("aflaj")
def aflaj(s):
    s.sky(SKY, CREAM, ROSE)
    s.sun(880, 120, 54, OCHRE)
    s.peaks(300, 210, mix(RUST, ROSE, 0.45), 5, None, mix(BRICK, ROSE, 0.3))
    s.hills(330, 26, mix(OCHRE, RUST, 0.4), 4, 1)
    s.rect(0, 344, W, H, s.grad(SAND, mix(SAND, OCHRE, 0.6)))
    for x, w, h in ((110, 130, 60), (60, 80, 96), (250, 90, 44), (990, 120, 56), (1090, 100, 90)):
        s.rect(x, 352 - h, w, h, s.grad(CREAM, SAND))
        for j in range(int(w / 30)):
            s.rect(x + 10 + j * 28, 352 - h + 14, 8, 14, BRICK)
    for i in range(26):
        t = i / 26
        y = 352 + 200 * t**1.4
        for side in (-1, 1):
            x = 600 + side * s.rng.uniform(110 + 190 * t, 330 + 420 * t)
            s.palm(x, y + 20, 50 + 120 * t, mix(MOSS, LEAF, t) if i % 3 else mix(LEAF, INK, 0.4 * t), s.rng.uniform(-0.08, 0.08))
    s.poly([(578, 350), (622, 350), (790, 675), (410, 675)], s.grad(CREAM, mix(SAND, ROSE, 0.4)))
    s.poly([(589, 350), (611, 350), (716, 675), (484, 675)], s.grad(FOAM, SEA, TEAL))
    for y in (470, 560):
        w = 20 + (y - 350) * 0.36
        s.rect(600 + w - 4, y - 26, 18, 40, BRICK)
    for i in range(12):
        y = 370 + 300 * (i / 12) ** 1.3
        w = (y - 350) * 0.25
        x = 600 + s.rng.uniform(-w, w * 0.5)
        s.line(x, y, x + w * 0.7, y, CREAM, 2 + w / 30, opacity=0.7)
    s.birds(420, 120, 5, BRICK)


# --- land -----------------------------------------------------------------


@scene("coffee")
def coffee(s):
    s.sky(ROSE, CREAM, SAND)
    s.sun(880, 190, 84, RUST)
    s.hills(330, 60, mix(MOSS, ROSE, 0.45), 4, 1)
    s.hills(380, 60, MOSS, 3, 2.2, LEAF)
    s.hills(440, 50, LEAF, 4, 4, mix(LEAF, INK, 0.5))
    s.rect(0, 510, W, H, s.grad(BRICK, PLUM))
    for x, k in ((660, 1), (790, 1), (920, 1)):
        s.oval(x, 606, 58, 12, mix(PLUM, INK, 0.5), opacity=0.6)
        s.path(f"M{x - 44} 540H{x + 44}Q{x + 40} 604 {x} 606Q{x - 40} 604 {x - 44} 540Z", s.grad(CREAM, SAND, across=True))
        s.oval(x, 540, 44, 10, CREAM)
        s.oval(x, 541, 37, 7, INK)
        s.path(f"M{x - 44} 556Q{x} 574 {x + 44} 556", stroke=RUST, stroke_width=5)
        s.path(f"M{x - 8} 512q-10 -16 2 -28t2 -30", stroke=CREAM, stroke_width=4, opacity=0.55, stroke_linecap="round")
    s.oval(400, 622, 150, 20, mix(PLUM, INK, 0.6), opacity=0.6)
    body = s.grad(mix(INK, BRICK, 0.25), INK, across=True)
    s.path("M366 300H424L416 380Q420 400 452 424C530 470 520 620 400 622C270 620 266 470 340 424Q372 400 374 380Z", body)
    s.path("M448 436L562 344L576 362L478 470Z", body)
    s.path("M346 432C250 420 262 320 372 340", stroke=INK, stroke_width=20, stroke_linecap="round")
    s.path("M360 300Q395 270 430 300Z", RUST)
    s.path("M300 520Q400 556 500 520", stroke=RUST, stroke_width=7)
    s.path("M296 538Q400 576 504 538", stroke=OCHRE, stroke_width=4)
    s.path("M-20 110C100 150 180 170 330 130", stroke=BRICK, stroke_width=9, stroke_linecap="round")
    for x, y, a in ((40, 118, -60), (60, 138, 60), (130, 136, -55), (150, 160, 58), (220, 142, -50), (240, 158, 62), (310, 132, -12)):
        s.path("M0 0Q50 -34 112 0Q50 34 0 0Z", s.rng.choice((LEAF, MOSS)), transform=f"translate({x},{y}) rotate({a})")
    for x, y in ((70, 136), (90, 148), (158, 150), (176, 160), (182, 140), (256, 150), (110, 128)):
        s.disc(x, y + 8, 14, RUST)
        s.disc(x - 4, y + 3, 4, ROSE)


@scene("fog-desert")
def fog_desert(s):
    s.sky(SKY, CREAM, CREAM)
    s.sun(340, 170, 70, mix(CREAM, OCHRE, 0.45))
    s.hills(330, 50, mix(ROSE, SKY, 0.5), 4, 1)
    s.mist(270, 130, CREAM, 0.95)
    for base, x, h, light, dark in ((420, 820, 210, mix(OCHRE, ROSE, 0.5), mix(RUST, ROSE, 0.3)), (520, 250, 190, mix(OCHRE, SAND, 0.2), RUST), (680, 760, 290, OCHRE, BRICK)):
        s.path(f"M{x - 760} {base + 40}C{x - 420} {base - 20} {x - 180} {base - h * .75} {x} {base - h}C{x + 160} {base - h * .7} {x + 420} {base - 10} {x + 800} {base + 40}V{H + 20}H{x - 760}Z", s.grad(light, mix(light, SAND, 0.4)))
        s.path(f"M{x} {base - h}C{x - 60} {base - h * .62} {x + 90} {base - h * .4} {x - 40} {base - h * .1}C{x - 90} {base + 20} {x - 40} {base + 60} {x - 80} {H + 20}H{x + 900}V{base + 40}C{x + 420} {base - 10} {x + 160} {base - h * .7} {x} {base - h}Z", s.grad(dark, mix(dark, PLUM, 0.35)))
        if base < 600:
            s.rect(0, base - 90, W, 330, s.grad((CREAM, 0), (CREAM, 0.9), (CREAM, 0.97), (CREAM, 0.97)))
    # the beetle on the crest
    s.path("M700 398q26 -30 58 -10q14 10 6 22l-50 6q-22 -4 -14 -18Z", INK)
    for dx in (10, 28, 46):
        s.line(700 + dx, 412, 690 + dx, 432, INK, 3.5)
    s.disc(706, 408, 5, FOAM)


@scene("savannah")
def savannah(s):
    s.sky(RUST, OCHRE, SAND)
    s.sun(620, 250, 110, CREAM)
    s.hills(338, 16, mix(BRICK, OCHRE, 0.4), 6, 1)
    s.rect(0, 344, W, H, s.grad(SAND, OCHRE, BRICK))
    s.ripples(356, 520, CREAM, 46, opacity=0.75)
    for x, y, k in ((170, 360, 0.6), (1040, 366, 0.7), (930, 352, 0.4)):
        s.path(f"M{x - 60 * k} {y}Q{x - 10 * k} {y - 20 * k} {x} {y - 110 * k}Q{x + 20 * k} {y - 30 * k} {x + 70 * k} {y}Z", PLUM)
    for x, y, h in ((90, 366, 170), (230, 358, 120), (1120, 372, 200), (985, 360, 120), (1060, 362, 140)):
        s.palm(x, y, h, PLUM, s.rng.uniform(-0.08, 0.08))

    def elephant(x, y, k, col):
        t = f"translate({x},{y}) scale({k})"
        s.path("M-100 -70C-96 -120 -40 -136 10 -130C40 -128 50 -142 84 -142C122 -142 134 -108 132 -70C131 -40 138 -18 126 -2C122 6 114 2 116 -4C122 -22 112 -44 106 -60C100 -50 88 -46 78 -50L72 0H40L38 -42Q0 -34 -32 -42L-36 0H-68L-74 -50Q-84 -58 -88 -72Q-98 -50 -96 -28L-104 -26Q-112 -50 -100 -70Z", col, transform=t)
        s.path("M52 -128C26 -122 24 -76 50 -66C74 -62 82 -104 74 -124Z", mix(col, OCHRE, 0.16), transform=t)
        s.path("M110 -64q22 4 30 -8", stroke=CREAM, stroke_width=6, transform=t, stroke_linecap="round")

    s.path("M-10 560Q400 506 760 530T1210 520V690H-10Z", s.grad(mix(PLUM, BRICK, 0.5), INK))
    for x, y, k, c in ((250, 556, 1.0, INK), (470, 548, 0.62, INK), (660, 552, 1.18, INK), (900, 544, 0.8, INK)):
        elephant(x, y, k, c)
    for _ in range(90):
        x = s.rng.uniform(0, W)
        s.path(f"M{x:.0f} 690q{s.rng.uniform(-16, 6):.0f} -40 {s.rng.uniform(-24, 24):.0f} -{s.rng.uniform(60, 110):.0f}", stroke=INK, stroke_width=3)


@scene("rice-terraces")
def rice_terraces(s):
    s.sky("#7fb1b8", CREAM, ROSE)
    s.sun(330, 150, 64, CREAM)
    s.hills(250, 70, mix(DUSK, SKY, 0.5), 3, 0.6)
    s.hills(290, 60, mix(LEAF, SKY, 0.35), 4, 2)
    s.mist(250, 80, CREAM, 0.7)
    s.hills(310, 36, LEAF, 5, 3.3)
    for i in range(8):
        t = i / 7
        y = 318 + 350 * t**1.3
        a, b = 46 + 70 * t, 30 + 60 * t
        off = 130 * math.sin(i * 1.7)
        edge = f"M-20 {y + a * .4:.0f}C{220 + off:.0f} {y - a:.0f} {400 + off:.0f} {y + b:.0f} {640 + off:.0f} {y:.0f}S{980 + off * .5:.0f} {y - b:.0f} 1220 {y + b * .5:.0f}"
        s.path(edge + "V700H-20Z", mix(LEAF, INK, 0.15))
        s.path(edge + "V700H-20Z", s.rng.choice((LIME, MOSS)), transform=f"translate(0,{4 + 6 * t:.1f})")
        s.path(edge + "V700H-20Z", s.grad(mix(FOAM, CREAM, 0.5), mix(SKY, ROSE, 0.4 + 0.3 * math.sin(i)), SEA), transform=f"translate(0,{10 + 15 * t:.1f})")
    for x, y, k in ((820, 322, 0.8), (880, 330, 0.6), (150, 352, 0.7)):
        s.path(f"M{x - 60 * k} {y}L{x} {y - 66 * k}L{x + 60 * k} {y}Z", BRICK)
        s.rect(x - 34 * k, y, 68 * k, 26 * k, PLUM)


@scene("tea-hills")
def tea_hills(s):
    s.sky(SKY, CREAM)
    s.sun(880, 130, 58, OCHRE)
    s.peaks(260, 190, mix(DUSK, SKY, 0.55), 4, CREAM)
    s.mist(200, 110, CREAM, 0.9)
    s.hills(300, 50, mix(MOSS, SKY, 0.35), 4, 1)
    # viaduct and train
    s.rect(0, 292, W, 12, BRICK)
    for i in range(17):
        s.rect(20 + i * 74, 300, 14, 80, BRICK)
        s.path(f"M{34 + i * 74} 330Q{64 + i * 74} 282 {94 + i * 74} 330V300H{34 + i * 74}Z", BRICK)
    for i in range(4):
        s.rect(90 + i * 86, 258, 78, 34, NIGHT)
        for j in range(4):
            s.rect(98 + i * 86 + j * 17, 265, 11, 12, CREAM)
    s.path("M434 292V250H456V262H500V292Z", RUST)
    s.rect(484, 244, 10, 20, INK)
    for i in range(6):
        s.disc(486 - i * 40, 230 - i * 7, 13 + i * 5, CREAM, opacity=round(0.85 - i * 0.12, 2))
    for base, amp, col, ph in ((370, 60, mix(MOSS, LIME, 0.3), 2.2), (450, 80, MOSS, 4.4), (560, 90, LEAF, 0.9)):
        top = s.hills(base, amp, mix(col, LEAF, 0.55), 2.4, ph)
        for j in range(9):
            g = (base - 250) / 8
            d = "M" + "L".join(f"{x} {top(x) + 10 + j * g * (0.9 + 0.25 * math.sin(x / 210 + ph)):.0f}" for x in range(-10, W + 20, 20))
            s.path(d, stroke=mix(col, LIME, 0.12 + 0.3 * (j % 2)), stroke_width=round(g * 0.62, 1), stroke_linecap="round")
    s.mist(380, 80, CREAM, 0.35)


@scene("stepwell")
def stepwell(s):
    s.rect(0, 0, W, H, s.grad(SAND, OCHRE))
    cx, cy = 600, 470
    rows = 7
    for i in range(rows):
        t0, t1 = i / rows, (i + 1) / rows
        def edge(t):
            return (cx - 780 + 560 * t, 30 + 330 * t, cx + 780 - 560 * t, 30 + 330 * t)
        l0, y0, r0, _ = edge(t0)
        l1, y1, r1, _ = edge(t1)
        shade = mix(CREAM, RUST, 0.15 + 0.5 * t0)
        s.poly([(l0, y0), (r0, y0), (r1, y1), (l1, y1)], shade)
        s.poly([(l0, y0), (l1, y1), (l1, H + 400 * (1 - t1)), (l0, H + 400)], mix(shade, BRICK, 0.28))
        s.poly([(r0, y0), (r1, y1), (r1, H + 400 * (1 - t1)), (r0, H + 400)], mix(shade, PLUM, 0.45))
        n = 11
        for j in range(n):
            # pyramids of double stairs on the far wall
            a0, a1 = l0 + (r0 - l0) * j / n, l0 + (r0 - l0) * (j + 1) / n
            b0, b1 = l1 + (r1 - l1) * j / n, l1 + (r1 - l1) * (j + 1) / n
            m0, m1 = (a0 + a1) / 2, (b0 + b1) / 2
            for q in range(4):
                u0, u1 = q / 4, (q + 1) / 4
                y = y0 + (y1 - y0) * u0
                half = (b1 - b0) * 0.46 * u1
                s.rect(m0 + (m1 - m0) * u1 - half, y, half, (y1 - y0) / 4 + 0.6, mix(shade, CREAM, 0.45))
                s.rect(m0 + (m1 - m0) * u1, y, half, (y1 - y0) / 4 + 0.6, mix(shade, BRICK, 0.55))
        s.line(l1, y1, r1, y1, mix(BRICK, PLUM, 0.4), 2.5, opacity=0.7)
        for side in (-1, 1):
            lx0, lx1 = (l0, l1) if side < 0 else (r0, r1)
            for k in range(12):
                f = k / 12
                yy = y0 + (H + 60 - y0) * f
                s.poly([(lx0, yy), (lx1, yy + (y1 - y0) * 0.6), (lx1, yy + (y1 - y0) * 0.6 + 16), (lx0, yy + 26)], mix(shade, CREAM if side < 0 else BRICK, 0.35), opacity=0.55)
    s.poly([(380, 360), (820, 360), (1010, 675), (190, 675)], s.grad(mix(TEAL, INK, 0.35), SEA))
    s.disc(640, 520, 56, CREAM, opacity=0.85)
    s.oval(640, 520, 88, 80, CREAM, opacity=0.14)
    s.ripples(420, 660, FOAM, 20, 360, 760, 0.4)
    s.rect(0, 0, W, 34, CREAM)
    for i in range(25):
        s.path(f"M{i * 50} 34V16Q{i * 50 + 25} -14 {i * 50 + 50} 16V34Z", mix(SAND, BRICK, 0.4))
        s.path(f"M{i * 50 + 9} 34V22Q{i * 50 + 25} 2 {i * 50 + 41} 22V34Z", PLUM)


@scene("night-train")
def night_train(s):
    s.sky(INK, NIGHT, DUSK)
    s.stars(110, 300)
    s.sun(860, 170, 66, CREAM)
    s.peaks(400, 290, mix(NIGHT, DUSK, 0.6), 4, mix(SKY, CREAM, 0.5))
    s.hills(410, 40, NIGHT, 4, 1)
    s.rect(0, 520, W, H, s.grad(DUSK, INK))
    s.ripples(540, 668, SAND, 30, opacity=0.28)
    s.hills(520, 30, mix(INK, NIGHT, 0.5), 5, 3, low=560)
    s.rect(0, 452, W, 14, INK)
    for i in range(8):
        x = 40 + i * 160
        s.path(f"M{x - 14} 460H{x + 14}L{x + 22} 600H{x - 22}Z", INK)
        s.path(f"M{x} 466Q{x + 80} 426 {x + 160} 466V500Q{x + 80} 440 {x} 500Z", INK)
    for i in range(5):
        x = -90 + i * 232
        s.rect(x, 382, 222, 64, s.grad(TEAL, mix(TEAL, INK, 0.5)), rx=9)
        s.rect(x, 425, 222, 5, OCHRE)
        for j in range(7):
            lit = s.rng.random() < 0.72
            s.rect(x + 16 + j * 28, 394, 19, 22, mix(OCHRE, CREAM, 0.5) if lit else NIGHT, rx=3)
            if lit:
                s.rect(x + 14 + j * 28, 540, 22, 70, s.grad((OCHRE, 0.45), (OCHRE, 0)))
        for dx in (34, 62, 160, 188):
            s.disc(x + dx, 449, 7, INK)
    s.path("M1072 446V382H1160Q1196 392 1206 446Z", RUST)
    s.rect(1124, 394, 40, 20, CREAM, rx=3)
    s.poly([(1196, 426), (1200, 420), (1200, 440)], CREAM)
    for x in range(-10, W, 46):
        h = s.rng.uniform(40, 110)
        s.path(f"M{x} 690L{x + 24} {690 - h:.0f}L{x + 48} 690Z", mix(INK, "#000000", 0.25))


@scene("mountain-viaduct")
def mountain_viaduct(s):
    s.sky("#6fa3b3", SKY, CREAM)
    s.sun(300, 130, 56, CREAM)
    s.peaks(340, 290, mix(DUSK, SKY, 0.3), 4, CREAM)
    s.hills(360, 60, mix(LEAF, SKY, 0.25), 4, 1)
    s.hills(420, 60, LEAF, 3, 2.6)
    s.mist(330, 90, CREAM, 0.35)
    stone, dark = mix(SAND, ROSE, 0.3), mix(BRICK, SAND, 0.35)
    s.rect(-10, 338, 960, 22, stone)
    s.rect(-10, 354, 960, 8, dark)
    for i in range(7):
        x = 30 + i * 140
        low = 675
        s.poly([(x - 16, 360), (x + 16, 360), (x + 26, low), (x - 26, low)], s.grad(stone, dark, across=True))
        s.path(f"M{x} 360H{x + 140}V420Q{x + 122} 374 {x + 70} 374T{x} 420Z", stone)
    s.path("M900 675L930 250Q1000 180 1220 150V700Z", s.grad(mix(SAND, DUSK, 0.5), DUSK))
    s.path("M980 675L1010 300L1220 200V700Z", mix(DUSK, INK, 0.35))
    s.path("M930 330Q930 270 972 262Q1012 270 1012 330V352H930Z", INK)
    for i in range(5):
        x = 40 + i * 172
        s.rect(x, 284, 164, 46, RUST, rx=7)
        s.rect(x, 276, 164, 12, mix(DUSK, CREAM, 0.4), rx=5)
        for j in range(6):
            s.rect(x + 13 + j * 25, 294, 17, 17, CREAM, rx=2)
        s.rect(x + 8, 330, 148, 8, INK)
    for x in range(-20, 960, 34):
        h = s.rng.uniform(50, 130)
        s.path(f"M{x} 690L{x + 22} {690 - h:.0f}L{x + 44} 690Z", s.rng.choice((mix(LEAF, INK, 0.4), mix(LEAF, INK, 0.6))))


@scene("glacier")
def glacier(s):
    s.sky(DUSK, SKY, CREAM)
    s.sun(330, 140, 52, CREAM)
    for x, h, w in ((120, 200, 200), (420, 150, 160), (640, 330, 120), (760, 280, 110), (880, 220, 150), (1090, 260, 190)):
        y = 360 - h
        s.poly([(x - w, 380), (x - w * 0.25, y + h * 0.3), (x, y), (x + w * 0.2, y + h * 0.35), (x + w, 380)], mix(NIGHT, DUSK, 0.55))
        s.poly([(x, y), (x + w * 0.2, y + h * 0.35), (x + w, 380), (x + w * 0.1, 380), (x + w * 0.06, y + h * 0.5)], NIGHT)
        s.poly([(x - w * 0.2, y + h * 0.27), (x, y), (x + w * 0.04, y + h * 0.22), (x - w * 0.06, y + h * 0.42)], CREAM)
    s.path("M330 330Q620 300 900 320L1220 400V560H-20V410Z", s.grad(CREAM, FOAM))
    for i in range(60):
        x, y = s.rng.uniform(0, W), s.rng.uniform(345, 430)
        s.line(x, y, x + s.rng.uniform(-20, 20), y + s.rng.uniform(8, 26), SEA, 2.5, opacity=0.35)
    x = -20
    while x < W:
        w = s.rng.uniform(22, 64)
        top = 424 + 16 * math.sin(x / 130) + s.rng.uniform(-26, 20)
        s.poly([(x, top + 8), (x + w * 0.4, top - 10), (x + w, top + 5), (x + w, 574), (x, 574)], s.grad(CREAM, FOAM, mix(SEA, SKY, 0.5)))
        s.poly([(x + w * 0.62, top), (x + w, top + 5), (x + w, 574), (x + w * 0.7, 574)], mix(SEA, SKY, 0.5), opacity=0.75)
        x += w
    s.rect(0, 570, W, H, s.grad(SEA, TEAL))
    s.ripples(580, 668, FOAM, 34)
    for x, k in ((210, 1), (700, 0.7), (960, 1.3)):
        s.poly([(x - 50 * k, 622), (x - 20 * k, 600 - 14 * k), (x + 14 * k, 606), (x + 46 * k, 622), (x + 20 * k, 634), (x - 30 * k, 632)], CREAM)


@scene("salt-pans")
def salt_pans(s):
    s.sky(SKY, CREAM, ROSE, down=230)
    s.sun(840, 150, 62, RUST)
    s.hills(226, 10, mix(TEAL, SKY, 0.4), 7, 1, low=250)
    s.rect(0, 232, W, H, mix(SAND, BRICK, 0.3))
    tones = [ROSE, mix(ROSE, CREAM, 0.5), mix(RUST, ROSE, 0.5), FOAM, mix(SKY, CREAM, 0.3), SEA]
    ys = [240 + 440 * (i / 7) ** 1.45 for i in range(8)]
    for i in range(7):
        y0, y1 = ys[i], ys[i + 1]
        g = 2.5 + i * 1.6
        for j in range(-6, 7):
            def px(k, y):
                return 600 + k * (90 + (y - 240) * 0.75)
            c = s.rng.choice(tones)
            s.poly([(px(j, y0) + g, y0 + g), (px(j + 1, y0) - g, y0 + g), (px(j + 1, y1) - g, y1 - g), (px(j, y1) + g, y1 - g)], s.grad(mix(c, CREAM, 0.45), c))
    for i in range(1, 7):
        for j in range(-4, 6):
            if (i + j) % 2 == 0:
                x, y, k = 600 + j * (90 + (ys[i] - 240) * 0.75), ys[i], 12 + i * 9
                s.path(f"M{x - k} {y + k * .3}L{x} {y - k * .75}L{x + k} {y + k * .3}Z", "#fffaf0")
                s.path(f"M{x} {y - k * .75}L{x + k} {y + k * .3}H{x + k * .1}Z", mix(CREAM, DUSK, 0.25))
    s.birds(360, 120, 7, BRICK)


@scene("mud-mosque")
def mud_mosque(s):
    s.sky(OCHRE, SAND, CREAM)
    s.sun(600, 240, 150, mix(CREAM, SAND, 0.2))
    s.hills(520, 12, mix(BRICK, SAND, 0.5), 5, 1)
    s.rect(0, 530, W, H, s.grad(SAND, mix(OCHRE, RUST, 0.4)))
    wall, dark = s.grad(mix(RUST, SAND, 0.35), RUST), mix(BRICK, RUST, 0.4)
    s.path("M150 560V380Q600 364 1050 380V560Z", wall)
    for i in range(20):
        x = 165 + i * 45.5
        s.path(f"M{x} 386Q{x + 4} 330 {x + 12} 322Q{x + 20} 330 {x + 24} 386V560H{x}Z", s.grad(mix(RUST, SAND, 0.3), mix(RUST, BRICK, 0.4), across=True))
    for x, h in ((330, 300), (600, 350), (870, 300)):
        y = 560 - h
        s.path(f"M{x - 74} 560L{x - 56} {y + 40}Q{x - 50} {y} {x - 26} {y - 16}L{x - 18} {y - 60}Q{x} {y - 96} {x + 18} {y - 60}L{x + 26} {y - 16}Q{x + 50} {y} {x + 56} {y + 40}L{x + 74} 560Z", s.grad(mix(RUST, SAND, 0.4), RUST, BRICK, across=True))
        s.oval(x, y - 84, 9, 12, CREAM)
        for r in range(5):
            for c in (-1, 0, 1):
                yy = y + 50 + r * 44
                s.rect(x + c * 34 - 13, yy, 26, 5, INK, rx=2)
        s.path(f"M{x - 20} 560V{500}Q{x} {470} {x + 20} 500V560Z", PLUM)
    s.rect(120, 552, 960, 22, dark)
    for x, k in ((180, 0.8), (430, 0.9), (480, 0.8), (760, 1), (1010, 0.85), (720, 0.7)):
        y = 610 + 30 * k
        s.path(f"M{x - 14 * k} {y}L{x - 10 * k} {y - 52 * k}Q{x} {y - 62 * k} {x + 10 * k} {y - 52 * k}L{x + 14 * k} {y}Z", s.rng.choice((NIGHT, CREAM, TEAL, OCHRE)))
        s.disc(x, y - 66 * k, 9 * k, INK)
        s.oval(x, y - 78 * k, 20 * k, 7 * k, SAND)


@scene("towers")
def towers(s):
    s.sky(SKY, CREAM, SAND)
    s.sun(280, 140, 58, OCHRE)
    s.path("M-10 420V230L180 220L240 250L520 240L560 210L900 216L960 246L1220 236V420Z", s.grad(mix(ROSE, OCHRE, 0.3), mix(RUST, ROSE, 0.5)))
    for y in (270, 305, 340):
        s.path(f"M-10 {y}Q300 {y - 14} 600 {y}T1220 {y - 6}", stroke=mix(BRICK, ROSE, 0.4), stroke_width=5, opacity=0.5)
    for row, (base, hmin, hmax, tone) in enumerate(((500, 190, 260, 0.5), (540, 160, 280, 0.25), (570, 130, 210, 0.0))):
        x = 110 + row * 20
        while x < 1070:
            w, h = s.rng.uniform(84, 128), s.rng.uniform(hmin, hmax)
            c = mix(mix(OCHRE, BRICK, s.rng.uniform(0.15, 0.5)), SAND, tone)
            s.poly([(x, base), (x + w * 0.06, base - h), (x + w * 0.94, base - h), (x + w, base)], s.grad(mix(c, SAND, 0.25), c, mix(c, BRICK, 0.35), across=True))
            s.poly([(x + w * 0.05, base - h + 34), (x + w * 0.06, base - h), (x + w * 0.94, base - h), (x + w * 0.95, base - h + 34)], "#fdf5e4")
            for q in range(4):
                s.rect(x + w * 0.12 + q * w * 0.2, base - h + 10, w * 0.1, 14, PLUM)
            y = base - h + 50
            while y < base - 26:
                for q in range(3):
                    s.rect(x + w * 0.16 + q * w * 0.26, y, w * 0.12, 17, PLUM)
                    if q == 1:
                        s.rect(x + w * 0.16 + q * w * 0.26 - 3, y - 5, w * 0.12 + 6, 4, CREAM)
                y += 54
            x += w + s.rng.uniform(-6, 10)
    s.rect(60, 556, 1080, 34, mix(OCHRE, BRICK, 0.35))
    s.rect(60, 552, 1080, 8, CREAM)
    s.rect(0, 588, W, H, s.grad(SAND, OCHRE))
    for i in range(15):
        s.palm(i * 84 + s.rng.uniform(-20, 20), s.rng.uniform(630, 690), s.rng.uniform(70, 110), s.rng.choice((LEAF, mix(LEAF, INK, 0.4), MOSS)), s.rng.uniform(-0.1, 0.1))


@scene("windcatchers")
def windcatchers(s):
    s.sky("#d98f63", SAND, CREAM)
    s.sun(790, 200, 92, CREAM)
    s.peaks(380, 110, mix(ROSE, PLUM, 0.25), 6, None, mix(ROSE, PLUM, 0.35))
    s.rect(0, 400, W, H, s.grad(mix(SAND, RUST, 0.2), mix(RUST, OCHRE, 0.4)))

    def tower(x, base, w, h):
        c = s.grad(mix(SAND, CREAM, 0.3), mix(OCHRE, RUST, 0.35), across=True)
        s.rect(x, base - h, w, h, c)
        s.rect(x - 6, base - h - 10, w + 12, 14, mix(SAND, BRICK, 0.25))
        n = 4
        for i in range(n):
            s.rect(x + w * (0.1 + i * 0.82 / n), base - h + 12, w * 0.12, h * 0.42, PLUM, rx=4)
        s.rect(x - 4, base - h * 0.5, w + 8, 8, mix(SAND, BRICK, 0.4))
        for f in (0.3, 0.16):
            s.line(x - 16, base - h * f, x + w + 16, base - h * f, PLUM, 4)

    def dome(x, base, r):
        s.path(f"M{x - r} {base}C{x - r} {base - r * 1.1} {x - r * .3} {base - r * 1.25} {x} {base - r * 1.45}C{x + r * .3} {base - r * 1.25} {x + r} {base - r * 1.1} {x + r} {base}Z", s.grad(FOAM, SEA, TEAL, across=True))
        s.line(x, base - r * 1.45, x, base - r * 1.7, OCHRE, 4)

    for x, b, w, h in ((90, 440, 70, 170), (980, 450, 80, 200), (450, 430, 56, 130)):
        tower(x, b, w, h)
    dome(640, 440, 74)
    for i in range(12):
        x = -20 + i * 108
        s.rect(x, 430 + s.rng.uniform(-16, 20), 116, 200, s.grad(mix(SAND, CREAM, s.rng.uniform(0, 0.4)), mix(OCHRE, RUST, 0.3)))
    for x, b, w, h in ((250, 560, 110, 330), (830, 570, 96, 250)):
        tower(x, b, w, h)
    for i in range(9):
        x, y = -30 + i * 150, 530 + s.rng.uniform(-14, 18)
        s.rect(x, y, 160, 200, s.grad(mix(SAND, OCHRE, s.rng.uniform(0.1, 0.6)), mix(RUST, BRICK, 0.3)))
        if i % 2:
            s.oval(x + 80, y, 60, 26, mix(SAND, OCHRE, 0.4))
        s.path(f"M{x + 60} 675V{y + 70}Q{x + 80} {y + 40} {x + 100} {y + 70}V675Z", PLUM)


# --- sea ------------------------------------------------------------------


@scene("reef")
def reef(s):
    s.sky(FOAM, SEA, TEAL, mix(TEAL, INK, 0.6))
    for x, w in ((160, 70), (380, 110), (640, 80), (860, 130)):
        s.poly([(x, 0), (x + w, 0), (x + w + 260, H), (x + 60, H)], s.grad((CREAM, 0.34), (CREAM, 0)))
    s.sun(820, 46, 60, CREAM)
    s.hills(500, 60, mix(TEAL, SEA, 0.3), 4, 1)
    s.hills(560, 60, mix(TEAL, NIGHT, 0.5), 5, 3)

    def branch(x, y, a, n, k, col):
        if n == 0:
            s.disc(x, y, k * 0.75, mix(col, CREAM, 0.4))
            return
        ln = k * 5.2
        ex, ey = x + ln * math.cos(a), y + ln * math.sin(a)
        s.line(x, y, ex, ey, col, k)
        for d in (-0.5, 0.42):
            branch(ex, ey, a + d * s.rng.uniform(0.7, 1.2), n - 1, k * 0.8, col)

    for x, k, col in ((120, 15, RUST), (330, 11, ROSE), (960, 16, OCHRE), (1110, 12, RUST), (720, 10, mix(ROSE, RUST, 0.5))):
        branch(x, 640, -math.pi / 2, 4, k, col)
    s.hills(620, 40, mix(PLUM, NIGHT, 0.4), 5, 5)
    for x, y, r, c in ((220, 640, 74, OCHRE), (520, 660, 96, mix(RUST, PLUM, 0.3)), (840, 650, 70, mix(ROSE, RUST, 0.3)), (1060, 668, 80, MOSS)):
        s.disc(x, y, r, s.grad(mix(c, CREAM, 0.3), c))
        for i in range(1, 6):
            s.path(f"M{x - r * .86:.0f} {y - r + i * r * .32:.0f}q{r * .4:.0f} {-r * .2:.0f} {r * .86:.0f} 0t{r * .86:.0f} 0", stroke=mix(c, PLUM, 0.5), stroke_width=3, opacity=0.45)
    for x, y, k in ((420, 620, 1), (650, 630, 0.8)):
        for j in range(-4, 5):
            s.path(f"M{x} {y + 40}Q{x + j * 8 * k} {y - 40 * k} {x + j * 17 * k} {y - 96 * k + abs(j) * 9}", stroke=mix(PLUM, ROSE, 0.6), stroke_width=6, stroke_linecap="round")
    for i in range(34):
        a, r = s.rng.uniform(0, 6.3), s.rng.uniform(0, 1) ** 0.6
        x, y, k = 560 + 250 * r * math.cos(a), 260 + 84 * r * math.sin(a), s.rng.uniform(0.6, 1.1)
        s.path("M-26 0Q0 -16 26 0L40 -11V11L26 0Q0 16 -26 0Z", s.rng.choice((OCHRE, CREAM, OCHRE, mix(OCHRE, RUST, 0.5))), transform=f"translate({x:.0f},{y:.0f}) scale({k:.2f}) rotate({s.rng.uniform(-8, 8):.0f})")
    for _ in range(40):
        s.disc(s.rng.uniform(0, W), s.rng.uniform(100, 560), s.rng.uniform(2, 5), mix(ROSE, CREAM, 0.4), opacity=0.8)


@scene("atoll")
def atoll(s):
    s.rect(0, 0, W, H, s.grad(NIGHT, TEAL, mix(TEAL, SEA, 0.4)))
    s.ripples(30, 660, SEA, 60, opacity=0.35)

    def ring(rx, ry, wob):
        pts = []
        for i in range(120):
            a = i / 120 * math.tau
            k = 1 + wob * (0.5 * math.sin(3 * a + 1) + 0.3 * math.sin(5 * a + 2) + 0.2 * math.sin(2 * a))
            pts.append((600 + rx * k * math.cos(a), 345 + ry * k * math.sin(a)))
        return pts

    s.poly(ring(510, 268, 0.1), SEA, opacity=0.5)
    s.poly(ring(470, 240, 0.1), CREAM, opacity=0.65)
    s.poly(ring(456, 232, 0.1), mix(SEA, FOAM, 0.35))
    s.poly(ring(380, 182, 0.1), mix(FOAM, SEA, 0.35))
    s.poly(ring(310, 140, 0.12), SEA)
    s.poly(ring(215, 92, 0.12), mix(SEA, TEAL, 0.6))
    shore = ring(420, 208, 0.1)
    for a, b in ((2, 22), (27, 38), (43, 66), (72, 80), (86, 103), (108, 115)):
        part = shore[a:b]
        d = "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in part)
        for w, c in ((50, CREAM), (40, SAND), (26, MOSS)):
            s.path(d, stroke=c, stroke_width=w, stroke_linecap="round", stroke_linejoin="round")
        for x, y in part:
            for _ in range(2):
                s.disc(x + s.rng.uniform(-10, 10), y + s.rng.uniform(-9, 9), s.rng.uniform(4, 8), s.rng.choice((LEAF, mix(LEAF, LIME, 0.4), LIME)))
    for x, y, k in ((560, 330, 1), (690, 372, 0.8)):
        s.path(f"M{x} {y}L{x + 40 * k} {y + 10 * k}L{x} {y + 16 * k}L{x - 20 * k} {y + 8 * k}Z", CREAM)
        s.path(f"M{x - 30 * k} {y + 14 * k}L{x - 100 * k} {y + 30 * k}", stroke=CREAM, stroke_width=2, opacity=0.6)
    for x, y, w in ((120, 110, 190), (900, 70, 240), (1010, 560, 220), (60, 560, 150)):
        for i in range(4):
            s.oval(x + i * w * 0.25, y + s.rng.uniform(-10, 10), w * 0.24, 20, CREAM, opacity=0.5)


@scene("canoe-stars")
def canoe_stars(s):
    s.sky(INK, NIGHT, DUSK, mix(DUSK, ROSE, 0.6))
    s.stars(190, 420)
    s.sun(960, 330, 62, CREAM)
    for i in range(3):
        s.path(f"M-10 {60 + i * 56}Q600 {-120 + i * 70} 1210 {110 + i * 70}", stroke=CREAM, stroke_width=1.5, opacity=0.22, stroke_dasharray="2 12", stroke_linecap="round")
    for i in range(7):
        t = i / 6
        y = 400 + 250 * t**1.2
        col = mix(DUSK, INK, 0.2 + 0.7 * t) if i % 2 else mix(TEAL, INK, 0.15 + 0.6 * t)
        k = 60 + 120 * t
        d = f"M-40 {y:.0f}" + "".join(f"q{k:.0f} {-k * .42:.0f} {2 * k:.0f} 0t{2 * k:.0f} 0" for _ in range(12))
        s.path(d + f"V{H + 40}H-40Z", col, transform=f"translate({-110 * (i % 3)},0)")
        if i == 4:
            s.path("M470 508H790Q820 506 836 488Q812 552 730 552H540Q470 550 440 490Q456 506 470 508Z", mix(BRICK, INK, 0.3))
            s.line(560, 530, 520, 580, mix(BRICK, INK, 0.3), 6)
            s.line(700, 530, 690, 584, mix(BRICK, INK, 0.3), 6)
            s.path("M470 580H740Q756 578 764 568Q756 598 730 598H490Q470 596 470 580Z", mix(BRICK, INK, 0.45))
            s.line(640, 508, 622, 200, SAND, 6)
            s.path("M632 190C560 300 520 420 556 490C640 478 740 478 800 470C740 390 680 290 632 190Z", s.grad(CREAM, SAND, ROSE))
            for f in (0.3, 0.5, 0.7):
                s.path(f"M{632 - 90 * f:.0f} {190 + 300 * f:.0f}Q{650 + 40 * f:.0f} {180 + 300 * f:.0f} {632 + 165 * f:.0f} {190 + 280 * f:.0f}", stroke=OCHRE, stroke_width=2.5, opacity=0.7)
            s.disc(500, 484, 10, INK)
            s.path("M484 512Q486 490 500 492T518 512Z", INK)
    s.ripples(420, 660, CREAM, 24, 820, 1060, 0.4)


@scene("volcano")
def volcano(s):
    s.sky(INK, PLUM, mix(PLUM, RUST, 0.5))
    s.stars(110, 300)
    s.sun(220, 130, 46, CREAM)
    for r, o in ((260, 0.12), (180, 0.16), (110, 0.25)):
        s.disc(690, 200, r, RUST, opacity=o)
    for i in range(26):
        a = -math.pi / 2 + s.rng.uniform(-0.75, 0.75)
        v = s.rng.uniform(60, 200)
        x, y = 690 + v * math.cos(a) * 1.1, 240 + v * math.sin(a)
        s.path(f"M690 244Q{690 + (x - 690) * .35:.0f} {y - 20:.0f} {x:.0f} {y:.0f}", stroke=s.rng.choice((OCHRE, CREAM, RUST, OCHRE)), stroke_width=round(s.rng.uniform(2, 5), 1), stroke_linecap="round", opacity=0.9)
        s.disc(x, y, s.rng.uniform(3, 6), CREAM)
    for i in range(9):
        s.oval(720 + i * 52, 150 - i * 9 + s.rng.uniform(-12, 12), 46 + i * 6, 30 + i * 3, mix(PLUM, INK, 0.4), opacity=0.6)
    s.path("M200 520C400 480 560 330 636 236Q660 250 690 244T746 236C820 330 960 470 1200 500V560H200Z", s.grad(mix(BRICK, PLUM, 0.4), INK))
    s.path("M746 236C820 330 960 470 1200 500V560H800C780 440 700 340 720 246Z", INK, opacity=0.55)
    for d in ("M668 246C650 320 690 360 660 430S610 490 600 520", "M712 246C740 310 730 350 770 400", "M690 246C690 290 710 310 704 350"):
        s.path(d, stroke=RUST, stroke_width=13, stroke_linecap="round")
        s.path(d, stroke=OCHRE, stroke_width=5, stroke_linecap="round")
    s.hills(505, 26, mix(INK, PLUM, 0.3), 5, 2, low=540)
    s.rect(0, 528, W, H, s.grad(mix(PLUM, RUST, 0.3), INK))
    for i in range(32):
        y = 536 + 130 * s.rng.random()
        w = s.rng.uniform(20, 150)
        s.line(680 - w / 2 + s.rng.uniform(-60, 60), y, 680 + w / 2, y, s.rng.choice((OCHRE, RUST, ROSE)), 3, opacity=0.7)
    s.path("M150 600H270Q258 622 234 622H186Q162 622 150 600Z", mix(INK, "#000000", 0.3))
    s.path("M208 600V500Q262 560 256 592Z", ROSE)
    for x, h in ((40, 230), (100, 170), (1150, 250), (1090, 170)):
        s.palm(x, 690, h, mix(INK, "#000000", 0.35), s.rng.uniform(-0.14, 0.14))


@scene("port")
def port(s):
    s.sky(ROSE, SAND, CREAM)
    s.sun(250, 210, 88, RUST)
    s.rect(0, 400, W, 300, s.grad(SEA, TEAL, INK))
    s.ripples(410, 660, CREAM, 40, opacity=0.4)
    for i in range(16):
        s.rect(i * 26, 400 - s.rng.uniform(6, 44), 24, 50, mix(DUSK, ROSE, 0.5))
    for x, k in ((440, 0.8), (650, 1), (890, 1.2)):
        c = TEAL if x != 650 else RUST
        b = 470
        for dx in (0, 74):
            s.rect(x + dx * k, b - 250 * k, 11 * k, 250 * k, c)
        s.line(x + 5, b - 120 * k, x + 80 * k, b - 20, c, 6 * k)
        s.rect(x - 2, b - 128 * k, 88 * k, 9 * k, c)
        s.rect(x - 230 * k, b - 258 * k, 410 * k, 13 * k, c)
        s.line(x + 42 * k, b - 350 * k, x - 220 * k, b - 256 * k, c, 4 * k)
        s.line(x + 42 * k, b - 350 * k, x + 170 * k, b - 256 * k, c, 4 * k)
        s.path(f"M{x + 6 * k} {b - 250 * k}L{x + 42 * k} {b - 352 * k}L{x + 80 * k} {b - 250 * k}", stroke=c, stroke_width=8 * k)
        s.line(x - 150 * k, b - 246 * k, x - 150 * k, b - 190 * k, INK, 2)
        s.rect(x - 182 * k, b - 190 * k, 64 * k, 24 * k, s.rng.choice((OCHRE, CREAM, BRICK)))
    cols = [OCHRE, TEAL, CREAM, RUST, DUSK, SAND, BRICK, SEA]
    for c in range(15):
        for r in range(s.rng.randint(2, 5)):
            s.rect(120 + c * 44, 460 - r * 25, 42, 23, s.rng.choice(cols))
    s.path("M60 484H900L856 574H130Q90 560 60 484Z", s.grad(INK, NIGHT))
    s.path("M120 552H868L856 574H130Z", RUST)
    s.rect(796, 372, 66, 112, CREAM)
    s.rect(784, 384, 90, 12, INK)
    s.rect(816, 340, 26, 32, OCHRE)
    s.rect(910, 470, 300, 220, s.grad(mix(SAND, DUSK, 0.4), DUSK))
    for c in range(6):
        for r in range(s.rng.randint(1, 4)):
            s.rect(935 + c * 46, 446 - r * 25, 44, 23, s.rng.choice(cols))
    s.path("M300 610h120l-14 26h-86Z", CREAM)
    s.rect(336, 588, 40, 22, RUST)
    s.birds(520, 110, 6, BRICK)


@scene("ferries")
def ferries(s):
    s.sky("#d8835a", ROSE, CREAM)
    s.sun(840, 250, 100, CREAM)
    c = mix(DUSK, ROSE, 0.35)
    s.hills(380, 26, c, 5, 1, low=410)

    def mosque(x, b, k, col):
        s.path(f"M{x - 70 * k} {b}V{b - 50 * k}H{x - 58 * k}Q{x - 54 * k} {b - 122 * k} {x} {b - 126 * k}Q{x + 54 * k} {b - 122 * k} {x + 58 * k} {b - 50 * k}H{x + 70 * k}V{b}Z", col)
        s.line(x, b - 122 * k, x, b - 146 * k, col, 4 * k)
        for dx in (-104, -78, 78, 104):
            s.rect(x + dx * k - 5 * k, b - 170 * k, 10 * k, 170 * k, col)
            s.path(f"M{x + dx * k - 6 * k} {b - 168 * k}L{x + dx * k} {b - 206 * k}L{x + dx * k + 6 * k} {b - 168 * k}Z", col)
            s.rect(x + dx * k - 8 * k, b - 130 * k, 16 * k, 5 * k, col)
        for dx in (-50, 50):
            s.disc(x + dx * k, b - 40 * k, 30 * k, col)

    mosque(260, 380, 1.0, c)
    mosque(560, 384, 0.7, c)
    d = mix(DUSK, PLUM, 0.35)
    s.hills(404, 18, d, 6, 3, low=430)
    s.rect(1020, 236, 40, 180, d)
    s.path("M1012 240L1040 170L1068 240Z", d)
    for i in range(44):
        h = s.rng.uniform(14, 50)
        s.rect(i * 28, 420 - h, 26, h + 10, mix(d, BRICK, s.rng.uniform(0, 0.4)))
        if i % 2:
            s.rect(i * 28 + 8, 428 - h, 5, 6, SAND)
    s.rect(0, 422, W, H, s.grad(mix(ROSE, SEA, 0.6), TEAL, mix(TEAL, INK, 0.5)))
    s.ripples(430, 660, CREAM, 60, opacity=0.45)
    for x, y, k in ((930, 470, 0.5), (420, 570, 1.15)):
        s.path(f"M{x - 210 * k} {y - 20 * k}H{x + 220 * k}L{x + 190 * k} {y + 26 * k}H{x - 190 * k}Z", INK)
        s.path(f"M{x - 212 * k} {y - 24 * k}H{x + 224 * k}L{x + 222 * k} {y - 14 * k}H{x - 210 * k}Z", OCHRE)
        s.rect(x - 170 * k, y - 62 * k, 330 * k, 40 * k, CREAM)
        s.rect(x - 140 * k, y - 98 * k, 260 * k, 36 * k, CREAM)
        s.rect(x + 40 * k, y - 126 * k, 60 * k, 28 * k, CREAM)
        for i in range(12):
            s.rect(x - 158 * k + i * 26 * k, y - 52 * k, 15 * k, 17 * k, DUSK)
            if i < 9:
                s.rect(x - 128 * k + i * 27 * k, y - 90 * k, 17 * k, 16 * k, DUSK)
        s.path(f"M{x - 60 * k} {y - 98 * k}L{x - 54 * k} {y - 160 * k}H{x - 14 * k}L{x - 8 * k} {y - 98 * k}Z", OCHRE)
        s.rect(x - 55 * k, y - 160 * k, 42 * k, 15 * k, INK)
        for i in range(5):
            s.disc(x - 50 * k - i * 34 * k, y - (178 + i * 10) * k, (14 + i * 6) * k, PLUM, opacity=round(0.35 - i * 0.05, 2))
        s.oval(x, y + 30 * k, 220 * k, 7 * k, CREAM, opacity=0.5)
    for x, y, k in ((640, 200, 2.2), (730, 150, 1.6), (560, 130, 1.3), (690, 300, 1.7), (470, 220, 1.2)):
        s.path(f"M{x - 26 * k} {y - 8 * k}Q{x - 10 * k} {y - 16 * k} {x} {y}Q{x + 10 * k} {y - 16 * k} {x + 26 * k} {y - 10 * k}Q{x + 10 * k} {y - 6 * k} {x} {y + 6 * k}Q{x - 10 * k} {y - 6 * k} {x - 26 * k} {y - 8 * k}Z", CREAM)


@scene("river-barge")
def river_barge(s):
    s.sky(SKY, CREAM)
    s.sun(640, 140, 54, OCHRE)
    s.hills(330, 70, mix(MOSS, SKY, 0.5), 3, 1)
    s.path("M118 320L128 150L132 110H150V86H160V110H196V66H204V50L214 34L224 50V66H236V120H262V104H280V330Z", mix(BRICK, DUSK, 0.3), transform="translate(-20,52)")
    for x, y in ((206, 84), (150, 140), (244, 150)):
        s.rect(x - 20, y + 52, 8, 15, OCHRE)
    s.path("M-10 470V180Q160 190 300 300T560 440V480Z", s.grad(MOSS, LEAF))
    s.path("M1210 470V130Q1060 150 930 270T640 440V480Z", s.grad(mix(MOSS, LIME, 0.2), LEAF))
    for side, x0, step in ((1, 640, 24), (-1, 560, 24)):
        for i in range(1, 22):
            x = x0 + side * i * 26
            s.path(f"M{x} 462Q{x + side * 20} {440 - i * 8} {x + side * (36 + i * 3)} {430 - i * 12}", stroke=LIME, stroke_width=5, opacity=0.42, stroke_dasharray="9 7")
    s.rect(0, 452, W, H, s.grad(FOAM, SEA, TEAL))
    for i in range(9):
        x = 760 + i * 40
        s.rect(x, 424 - (i % 3) * 4, 34, 34 + (i % 3) * 4, CREAM)
        s.path(f"M{x - 4} {424 - (i % 3) * 4}L{x + 17} {402 - (i % 3) * 4}L{x + 38} {424 - (i % 3) * 4}Z", RUST)
    s.path("M1010 456V390H1026V372L1037 340L1048 372V390H1054V456Z", CREAM)
    s.path("M1024 374L1037 330L1050 374Z", DUSK)
    s.ripples(462, 668, CREAM, 44, opacity=0.55)
    s.path("M180 560H900Q930 556 956 540Q946 606 880 612H220Q184 606 180 560Z", s.grad(INK, NIGHT))
    s.rect(186, 556, 716, 9, RUST)
    for i, c in enumerate((OCHRE, TEAL, RUST, CREAM, DUSK, SAND, BRICK, SEA)):
        s.rect(330 + i * 66, 524, 62, 34, c)
        if i % 3:
            s.rect(330 + i * 66, 488, 62, 34, (CREAM, RUST, TEAL)[i % 3])
    s.rect(206, 500, 96, 58, CREAM)
    s.rect(198, 492, 112, 10, INK)
    for i in range(3):
        s.rect(216 + i * 28, 512, 20, 18, DUSK)
    s.line(216, 492, 216, 440, INK, 3)
    s.path("M216 440h34v20h-34Z", RUST)
    s.oval(560, 620, 400, 9, CREAM, opacity=0.4)


# --- towns and skies ------------------------------------------------------


@scene("cable-cars")
def cable_cars(s):
    s.sky(DUSK, SKY, CREAM)
    s.sun(250, 130, 52, CREAM)
    s.peaks(330, 260, mix(DUSK, SKY, 0.35), 3, CREAM)
    s.hills(330, 30, mix(ROSE, DUSK, 0.3), 4, 1)
    for row in range(6):
        base = 356 + row * 62
        x = -20 + s.rng.uniform(-30, 0)
        while x < W:
            w, h = s.rng.uniform(52, 90) * (0.7 + row * 0.1), s.rng.uniform(50, 90) * (0.7 + row * 0.1)
            y = base + 36 * math.sin(x / 260 + row * 0.2)
            c = s.rng.choice((RUST, mix(RUST, SAND, 0.4), mix(BRICK, ROSE, 0.4), OCHRE, mix(OCHRE, CREAM, 0.5), CREAM, mix(SEA, CREAM, 0.4)))
            c = mix(c, SKY, max(0, 0.4 - row * 0.08))
            s.rect(x, y - h, w, h + 90, c)
            s.rect(x + w * 0.72, y - h, w * 0.28, h + 90, mix(c, PLUM, 0.3))
            for q in range(2):
                s.rect(x + w * (0.14 + q * 0.28), y - h + 16, w * 0.14, 16, mix(PLUM, DUSK, 0.4))
            x += w + s.rng.uniform(0, 3)
    s.path("M590 690L604 230H622L636 690Z", DUSK)
    s.rect(560, 226, 106, 13, NIGHT)
    for y0, y1, y2 in ((150, 232, 470), (176, 232, 494)):
        s.path(f"M-10 {y2}Q300 {y1 + 90} 572 {y1}Q900 {y1 - 16} 1210 {y0 - 80}", stroke=INK, stroke_width=3)

    def car(x, y, k, c):
        s.line(x, y, x, y + 34 * k, INK, 4 * k)
        s.rect(x - 40 * k, y + 32 * k, 80 * k, 72 * k, c, rx=round(16 * k))
        s.rect(x - 33 * k, y + 42 * k, 66 * k, 30 * k, FOAM, rx=round(6 * k))
        s.line(x, y + 42 * k, x, y + 72 * k, c, 5 * k)

    car(150, 410, 1.35, RUST)
    car(410, 298, 1.0, OCHRE)
    car(800, 210, 0.85, RUST)
    car(1010, 152, 1.1, OCHRE)


@scene("tram")
def tram(s):
    s.sky(SKY, CREAM)
    s.sun(600, 150, 66, OCHRE)
    s.rect(500, 300, 220, 80, s.grad(SEA, FOAM))
    tiles = [ROSE, FOAM, CREAM, mix(OCHRE, CREAM, 0.4), SKY, mix(RUST, CREAM, 0.35)]
    for side in (-1, 1):
        for i in range(5):
            t = i / 5
            n0, n1 = 1 - t, 1 - (i + 1) / 5
            x0, x1 = 600 + side * (90 + 560 * n0**1.2), 600 + side * (90 + 560 * n1**1.2)
            top0, top1 = 300 - 330 * n0, 300 - 330 * n1
            bot0, bot1 = 380 + 340 * n0, 380 + 340 * n1
            c = tiles[(i * 2 + (side > 0)) % 6]
            s.poly([(x0, top0), (x1, top1), (x1, bot1), (x0, bot0)], s.grad(c, mix(c, DUSK if side > 0 else RUST, 0.25)))
            s.poly([(x0, top0), (x1, top1), (x1, top1 + 10), (x0, top0 + 20 * n0 + 8)], RUST)
            for f in range(4):
                for q in (0.25, 0.65):
                    xa, xb = x0 + (x1 - x0) * q, x0 + (x1 - x0) * (q + 0.2)
                    ya = top0 + (top1 - top0) * q + (bot0 - top0 + (bot1 - top1 - bot0 + top0) * q) * (0.14 + f * 0.22)
                    hh = (bot0 - top0 + (bot1 - top1 - bot0 + top0) * q) * 0.12
                    s.poly([(xa, ya), (xb, ya + (380 - ya) * 0.06), (xb, ya + hh), (xa, ya + hh * 1.06)], mix(TEAL, DUSK, 0.4))
                    s.line(xa, ya + hh * 1.1, xb, ya + hh * 1.08, INK, 2.5)
    s.poly([(510, 380), (690, 380), (1250, 690), (-50, 690)], s.grad(mix(SAND, DUSK, 0.3), mix(DUSK, SAND, 0.25)))
    for a, b in ((560, 300), (640, 900)):
        s.poly([(a, 380), (a + 5, 380), (b + 14, 690), (b - 2, 690)], CREAM)
    s.line(600, 120, 600, 210, INK, 2)
    s.path("M0 40L600 116L1200 30", stroke=INK, stroke_width=2, opacity=0.7)
    # the tram
    s.oval(600, 622, 190, 20, INK, opacity=0.5)
    s.line(600, 118, 600, 250, INK, 4)
    s.path("M440 270Q600 226 760 270V306H440Z", CREAM)
    s.rect(444, 296, 312, 150, mix(OCHRE, CREAM, 0.35))
    s.path("M440 430H760L752 600H448Z", s.grad(OCHRE, mix(OCHRE, RUST, 0.35)))
    for x, w in ((458, 84), (552, 96), (658, 84)):
        s.rect(x, 314, w, 106, s.grad(DUSK, SKY), rx=6)
    s.rect(540, 274, 120, 26, INK, rx=4)
    s.rect(566, 282, 68, 9, OCHRE)
    s.rect(444, 446, 312, 8, CREAM)
    s.disc(600, 508, 34, CREAM)
    s.disc(600, 508, 24, mix(OCHRE, CREAM, 0.6))
    s.rect(474, 596, 252, 24, INK)
    for x in (490, 690):
        s.disc(x, 540, 13, RUST)


@scene("indigo")
def indigo(s):
    s.sky(SAND, CREAM, down=420)
    s.sun(940, 120, 64, RUST)
    s.rect(0, 150, W, 280, mix(OCHRE, ROSE, 0.55))
    for x in range(0, W, 120):
        s.path(f"M{x} 150v-22h30v-26h28v26h30v22Z", mix(OCHRE, ROSE, 0.55))
    s.rect(0, 400, W, H, s.grad(mix(SAND, ROSE, 0.4), mix(OCHRE, RUST, 0.3)))
    for x in (90, 420, 770, 1110):
        s.rect(x, 110, 14, 330, BRICK)
    s.path("M60 136H1150", stroke=BRICK, stroke_width=9, stroke_linecap="round")
    blues = [mix(SKY, CREAM, 0.3), "#7fa3c4", "#4a74a6", "#2c4f86", "#1c2f5a"]
    xs = [116, 244, 448, 566, 650, 800, 930, 1010]
    for i, x in enumerate(xs):
        w, h = (112, 102, 98, 74, 104, 112, 70, 90)[i], s.rng.uniform(210, 270)
        c = blues[(i * 2 + i // 3) % 5]
        s.path(f"M{x} 134H{x + w}V{134 + h:.0f}q{-w * .25:.0f} 16 {-w * .5:.0f} 2t{-w * .5:.0f} 4Z", s.grad(c, mix(c, INK, 0.18), c, across=True))
        if i % 2 == 0:
            for r in range(4):
                for q in range(3):
                    s.disc(x + w * (0.2 + q * 0.3), 170 + r * h / 4.4, 11, CREAM, opacity=0.85)
                    s.disc(x + w * (0.2 + q * 0.3), 170 + r * h / 4.4, 6, c)
        elif i % 3 == 0:
            for r in range(7):
                s.path(f"M{x} {160 + r * h / 8:.0f}l{w / 4:.0f} 12l{w / 4:.0f} -12l{w / 4:.0f} 12l{w / 4:.0f} -12", stroke=CREAM, stroke_width=4, opacity=0.8)
    for x, y, r, c in ((180, 510, 110, blues[4]), (520, 490, 90, blues[3]), (850, 520, 120, mix(blues[4], LEAF, 0.35)), (350, 630, 130, blues[3]), (690, 640, 120, blues[4]), (1090, 620, 140, blues[2])):
        s.oval(x, y, r, r * 0.36, CREAM)
        s.oval(x, y + 5, r * 0.9, r * 0.3, mix(BRICK, SAND, 0.35))
        s.oval(x, y + 11, r * 0.84, r * 0.25, c)
        s.path(f"M{x - r * .5} {y + 14}q{r * .3} -12 {r * .6} 0t{r * .3} -4", stroke=mix(c, SKY, 0.6), stroke_width=4, stroke_linecap="round")


@scene("night-sky")
def night_sky(s):
    s.sky("#0e1a30", NIGHT, DUSK, ROSE)
    s.stars(150, 430)
    for i in range(420):
        t = s.rng.random()
        g = s.rng.gauss(0, 1)
        x = 180 + 900 * t + g * 46
        y = 560 - 640 * t + g * 40
        s.disc(x, y, s.rng.choice((1, 1.3, 1.7, 2.3)), CREAM, opacity=round(s.rng.uniform(0.35, 1), 2))
    for w in range(30, 270, 24):
        s.path("M110 640Q560 330 1110 -80", stroke="#c9d3ea", stroke_width=w, opacity=0.03)
    s.sun(200, 150, 34, CREAM)
    s.hills(500, 40, mix(PLUM, DUSK, 0.5), 4, 1)
    s.hills(550, 46, mix(PLUM, INK, 0.5), 3, 2.4)
    s.path("M-10 690V610Q260 530 620 540T1210 600V690Z", INK)

    def dome(x, b, k, turn):
        s.rect(x - 50 * k, b - 46 * k, 100 * k, 60 * k, mix(CREAM, DUSK, 0.45))
        s.rect(x - 58 * k, b - 54 * k, 116 * k, 12 * k, mix(CREAM, DUSK, 0.25))
        s.path(f"M{x - 54 * k} {b - 52 * k}A{54 * k} {56 * k} 0 0 1 {x + 54 * k} {b - 52 * k}Z", s.grad(CREAM, mix(CREAM, DUSK, 0.6), across=True))
        s.path(f"M{x + (turn - 8) * k} {b - 52 * k}L{x + (turn * .4 - 5) * k} {b - 106 * k}L{x + (turn * .4 + 12) * k} {b - 106 * k}L{x + (turn + 14) * k} {b - 52 * k}Z", INK)
        s.rect(x - 8 * k, b - 26 * k, 16 * k, 30 * k, OCHRE if k > 1 else INK)

    dome(390, 562, 1.0, 14)
    dome(600, 548, 1.5, 18)
    dome(830, 562, 1.0, 10)
    dome(980, 580, 0.6, 8)


# --- from sheet to file ---------------------------------------------------


def pixels(svg):
    """The sheet as Chromium paints it."""
    with tempfile.TemporaryDirectory() as room:
        page, shot = Path(room, "sheet.html"), Path(room, "shot.png")
        page.write_text(f"<!doctype html><meta charset=utf-8><body style='margin:0;overflow:hidden'>{svg}")
        command = [os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={W},{H}", f"--screenshot={shot}", str(page)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        return Image.open(shot).convert("RGB")


def grain(image, size, seed):
    """Paper: fine noise, a little stronger in the middle tones, and soft corners."""
    rng = numpy.random.default_rng(seed)
    noise = Image.fromarray(rng.normal(128, 46, size[::-1]).clip(0, 255).astype("uint8")).filter(ImageFilter.GaussianBlur(0.8))
    noise = (numpy.asarray(noise, dtype="float32") - 128)[..., None]
    data = numpy.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype="float32")
    light = data.mean(axis=2, keepdims=True) / 255
    y, x = numpy.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    corner = (1 - 0.07 * (x**2 * y**2 + 0.3 * (x**2 + y**2)))[..., None]
    return Image.fromarray((data * corner + noise * GRAIN * (0.4 + light * (1 - light) * 2)).clip(0, 255).astype("uint8"))


def save(image, path):
    """The largest and best JPEG that fits the limit."""
    for size in SIZES:
        paper = grain(image, size, len(path.stem))
        for quality in range(86, 46, -3):
            out = io.BytesIO()
            paper.save(out, "JPEG", quality=quality, optimize=True, progressive=True, subsampling="4:2:0")
            if out.tell() <= LIMIT:
                path.write_bytes(out.getvalue())
                return size, quality, out.tell()
    raise SystemExit(f"{path.name} does not fit into {LIMIT} bytes; draw fewer details")


def mark(height):
    """`logo.svg` as a PNG, for mail programs that show no SVG."""
    svg = (HERE / "logo.svg").read_text()
    with tempfile.TemporaryDirectory() as room:
        page, shot = Path(room, "logo.html"), Path(room, "logo.png")
        page.write_text(f"<!doctype html><meta charset=utf-8><style>body{{margin:0}}svg{{display:block;width:{height * 7 // 2}px;height:{height}px}}</style>{svg}")
        command = [os.environ.get("CHROMIUM", "chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--default-background-color=00000000", f"--window-size={height * 7 // 2},{height}", f"--screenshot={shot}", str(page)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        Image.open(shot).quantize(96, method=Image.Quantize.FASTOCTREE).save(HERE / "logo.png", optimize=True)


def main(names):
    if not names or "logo" in names:
        mark(160)
        names = [n for n in names if n != "logo"]
        if len(sys.argv) == 2 and not names:
            return
    for name in names or SCENES:
        sheet = Sheet(name)
        SCENES[name](sheet)
        size, quality, length = save(pixels(sheet.svg()), HERE / f"{name}.jpg")
        print(f"{name}.jpg  {size[0]}x{size[1]}  {length / 1024:.1f} KB  quality {quality}")


if __name__ == "__main__":
    main(sys.argv[1:])
