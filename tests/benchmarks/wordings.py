"""Commands of apps in virtual reality, other wordings of them, and what is near and is none.

A command is `name: phrase; phrase`, and below it `| another wording; another wording`. Weights and
thresholds are chosen with one side (`CHOSEN_WITH`), and the other (`EVALUATION`), of other kinds of
apps, is only measured on.
"""

from __future__ import annotations

from typing import NamedTuple


class World(NamedTuple):
    """One app.

    Attributes:
        phrases: Command to its phrases, as in a vocabulary.
        others: (another wording, command).
        near: What might be said in such an app and is none of its commands.
    """

    phrases: dict[str, list[str]]
    others: list[tuple[str, str]]
    near: list[str]


def _world(lines: str, near: str) -> World:
    phrases: dict[str, list[str]] = {}
    others: list[tuple[str, str]] = []
    for line in lines.strip().replace("\n|", " |").splitlines():
        name, _, rest = line.partition(": ")
        own, _, other = rest.partition(" | ")
        phrases[name] = own.split("; ")
        others += [(text, name) for text in other.split("; ")]
    return World(phrases, others, near.strip().splitlines())


CHOSEN_WITH = {
    "building": _world(
        """
wall: build a wall; place a wall here
| put up a wall; raise a wall in this spot; construct a wall
roof: add a roof; put a roof on the house
| cover the house with a roof; give the house a roof
door: add a door; insert a door
| I want a door in here; put in a door
paint: paint the house; change the color of the house
| give the house a new color; recolor the house
bigger: make it bigger; enlarge this
| increase its size; this should be larger; grow this object
smaller: make it smaller; shrink this
| reduce its size; it needs to be tinier
turn: rotate the object; turn it around
| spin this thing; swivel the object
copy: duplicate this; make a copy
| clone this object; create another one of these
delete: delete this object; remove it
| get rid of this thing; erase this object; throw this away
undo: undo the last step; undo that
| take back what I just did; revert my last change
grid: show the grid; turn on the grid
| display the grid; let me see the grid lines
hidegrid: hide the grid; turn off the grid
| make the grid disappear; I do not need the grid
save: save my building; save the project
| store my work; keep this project for later
tree: plant a tree; add a tree here
| put a tree in the garden; I would like a tree there
night: make it night; switch to night time
| change the time of day to night; let it get dark
walk: walk mode; let me walk around
| I want to explore on foot; switch to walking
""",
        """
build a bridge
paint the fence
add a window
plant some flowers
show the map
save some money
make it rain
turn on the radio
delete my account
open the project folder
rotate the camera
copy the color
make the wall transparent
how big is the house
where is the door
do not paint the house
I built a wall yesterday
is the roof finished
lock the door
measure the wall
fly mode
what time is it
hide the roof
load the project
share this with my friends
""",
    ),
    "cooking": _world(
        """
chop: chop the onions; cut the onions
| slice up the onions; dice those onions
boil: boil the water; bring the water to a boil
| heat the water until it boils; get the water boiling
fry: fry the eggs; cook the eggs in the pan
| make fried eggs; put the eggs into the frying pan
oven: turn on the oven; preheat the oven
| heat up the oven; start the oven please
ovenoff: turn off the oven; switch the oven off
| shut down the oven; stop the oven
stir: stir the soup; mix the soup
| give the soup a stir; keep the soup moving with the spoon
salt: add salt; put in some salt
| season it with salt; sprinkle salt on it
serve: serve the dish; bring out the food
| take the meal to the guests; the plate can go out
recipe: show the recipe; open the recipe book
| let me read the recipe; what does the recipe say
order: next order; show the next order
| what is the following order; give me another order
wash: wash the dishes; clean the plates
| do the washing up; scrub the dishes
plate: get a plate; bring me a plate
| hand me a plate; I need a plate
timer: start the kitchen timer; set a timer
| begin timing; start counting the minutes
taste: taste the soup; try the soup
| sample the soup; let me have a sip of the soup
help: call a helper; ask for help
| get somebody to assist me; I need a hand
quit: close the restaurant; end the day
| shut the restaurant for today; finish the shift
""",
        """
chop the wood
boil the eggs
fry the fish
turn on the light
stir the paint
add sugar
serve the ball
show the menu
cancel the order
wash the car
get a glass
stop the timer
taste the wine
the soup is too hot
I burned the eggs
do not boil the water
open the oven door
open the fridge
who ordered the soup
open the restaurant
peel the potatoes
how much salt is in it
buy some onions
where are the plates
eat the soup
""",
    ),
    "museum": _world(
        """
explain: tell me about this painting; explain this picture
| what is this painting about; describe the artwork for me
artist: who painted this; who is the artist
| which painter made this; name the artist of this work
date: when was this made; how old is this
| what year is it from; tell me its age
next: go to the next room; next room
| take me to the following room; continue to the room after this
back: go back to the previous room; previous room
| return to the last room; bring me to the room before
zoom: zoom in; look closer
| magnify it; bring it nearer to my eyes
out: zoom out; step back
| show it from further away; let me see the whole from a distance
tour: start the guided tour; begin the tour
| guide me through the museum; I would like a tour
stoptour: end the tour; stop the guided tour
| quit the tour; I am finished with the tour
audio: play the audio guide; turn on the narration
| read it to me aloud; I want to hear the guide
mute: mute the narration; turn off the audio guide
| silence the guide; stop talking to me
map: show the museum map; open the floor plan
| where am I in the museum; display the plan of the building
sculpture: take me to the sculptures; show me the sculptures
| where are the statues; I want to see the statues
photo: take a photo; take a picture of this
| snap a shot of it; photograph this
favourite: add this to my favorites; remember this piece
| bookmark this work; save it to the ones I like
exit: leave the museum; go to the exit
| get me out of the museum; bring me to the way out
""",
        """
tell me about this museum shop
who owns this painting
how much does it cost
go to the first floor
close the room
paint this wall
the tour was boring
when does the museum close
is there a cafe
play some music
turn on the light
show my photos
take me to the toilets
take me to the dinosaurs
delete this from my favorites
who built the museum
I saw this painting before
do not start the tour
how long is the tour
buy a ticket
step to the left
print the map
what is the artist doing now
touch the sculpture
share the photo
""",
    ),
}
EVALUATION = {
    "sports": _world(
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
    "tools": _world(
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
    "media": _world(
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
