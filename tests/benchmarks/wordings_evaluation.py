"""The apps whose wordings are only measured on; see wordings.py."""

from __future__ import annotations

from wordings import world

EVALUATION = {
    "sports": world(
        """
start: start the match; begin the game
| let us get the match going; kick off the game
pause: pause the match; take a break
| hold the game for a moment; I need a short rest
serve: serve the ball; throw the ball up
| put the ball into play; give me a serve
score: show the score; what is the score
| how many points do we have; display the points
racket: change the racket; give me another racket
| I want a different racket; swap my racket
harder: make it harder; raise the difficulty
| increase the challenge; this is too easy for me
easier: make it easier; lower the difficulty
| reduce the challenge; this is too hard for me
replay: show the replay; play that again
| let me watch that once more; repeat the last rally
coach: call the coach; ask the trainer
| I want advice from my coach; get the trainer here
training: go to practice mode; start the training
| I would like to practice; let me train a bit
opponent: choose another opponent; change the opponent
| I want to play against somebody else; give me a different rival
team: join the blue team; switch to the blue team
| put me on the blue side; I want to play for blue
restart: restart the round; begin again from zero
| start the round over; let us do this round once more
stadium: go to the stadium; enter the arena
| take me to the stadium; walk into the arena
crowd: mute the crowd; silence the audience
| make the spectators quiet; turn off the cheering
leave: leave the court; quit the match
| get me out of this match; I give up this game
""",
        """
start the car
pause the music
serve the dinner
show the rules
change my shirt
make it brighter
who won yesterday
the coach is angry
call the doctor
go to the shop
choose another song
join the red team
restart the computer
the stadium is full
louder crowd
leave a message
clean the racket
do not restart the round
I like tennis
buy a new ball
my opponent cheated
invite a friend
how long is a round
catch the ball
lower the net
""",
    ),
    "tools": world(
        """
hammer: give me the hammer; hand me the hammer
| pass me that hammer; I need the hammer
drill: start the drill; switch on the drill
| get the drill running; power up the drill
drilloff: stop the drill; switch off the drill
| shut the drill down; kill the power of the drill
measure: measure the distance; how long is this
| find out its length; what is the length of this
cut: cut the board; saw the wood
| slice through the plank; divide the board with the saw
glue: glue the parts together; stick them together
| join the pieces with glue; attach these with adhesive
screw: tighten the screw; turn the screw in
| fasten the screw; drive the screw in firmly
loosen: loosen the screw; undo the screw
| unscrew it; turn the screw out
lamp: turn on the lamp; light the workbench
| switch the lamp on; I need more light on the bench
dark: turn off the lamp; lamp off
| put out the lamp; make the lamp go dark
box: open the toolbox; show my tools
| let me see my tools; unlock the box of tools
shut: close the toolbox; put the tools away
| pack up my tools; shut the tool case
manual: open the manual; show the instructions
| let me read the instructions; display the guide
step: next step; go on to the next step
| what comes after this; continue with the following step
gloves: put on gloves; wear the gloves
| protect my hands with gloves; I want to wear gloves
check: check my work; inspect the result
| did I do it right; examine what I have made
""",
        """
give me the money
start the engine
the drill is broken
measure the temperature
cut the grass
glue is expensive
tighten the belt
turn on the fan
turn on the radio
open the window
close the door
buy new tools
write the manual
previous step
take off the gloves
check my mail
clean the workbench
do not cut the board
I lost my hammer
where is the saw
paint the board
hammer the nail
how heavy is this
sharpen the saw
throw the box away
""",
    ),
    "media": world(
        """
play: play the movie; start the film
| let the movie run; begin showing the film
pause: pause the movie; hold the film
| freeze the film for a moment; stop the movie for now
louder: turn up the volume; make it louder
| I can hardly hear it; increase the sound level
quieter: turn down the volume; make it quieter
| the sound is too strong; reduce the loudness
next: next song; skip this song
| go to the following track; I do not want to hear this one
previous: previous song; go back a song
| play the track before this; return to the last tune
shuffle: shuffle the playlist; play in random order
| mix up the playlist; play the songs in any order
repeat: repeat this song; play it again
| loop this track; I want to hear this once more
subtitles: show subtitles; turn on the subtitles
| display the captions; I want to read what they say
nosubtitles: hide the subtitles; turn off the subtitles
| remove the captions; no captions please
screen: make the screen bigger; enlarge the screen
| I want a larger picture; increase the size of the display
small: make the screen smaller; shrink the screen
| I want a smaller picture; reduce the size of the display
jazz: play some jazz; put on jazz music
| I am in the mood for jazz; let me hear jazz
news: show the news; turn on the news
| what is happening in the world; I want to watch the headlines
like: like this song; add this to my favorites
| I love this track; mark this tune as a favorite
end: close the player; exit the cinema
| shut the player down; leave the movie theater
""",
        """
play the guitar
pause the download
turn up the heating
next week
previous owner
shuffle the cards
repeat after me
show the weather
make the window bigger
play some rock
who sings this
the movie was great
delete this song
buy a ticket
how long is the film
record the show
turn off the light
do not play the movie
change the language
rate this movie
what is this song called
download the film
close the curtains
show the actors
I watched the news
""",
    ),
}
